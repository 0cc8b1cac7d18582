// What a client may take in sending its request: the same on both lanes, so that neither is the way around the other.

export const longestHeadBytes = 16 * 1024;
export const mostHeaderLines = 100;
export const headTimeoutMs = 20_000;
export const requestTimeoutMs = 60_000;
export const keepAliveTimeoutMs = 65_000;
