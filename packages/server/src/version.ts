/** Version of the platform; all packages share it. */
export const version = "0.1.0";
