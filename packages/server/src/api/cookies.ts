export interface CookieOptions {
  readonly path: string;
  /** 0 takes the cookie away. */
  readonly maxAgeSeconds: number;
  /** `Lax` lets it come along when another site sends the browser here. */
  readonly sameSite: "Strict" | "Lax";
  /** Whether it goes over TLS only. */
  readonly isSecure: boolean;
}

/** A cookie's value; undefined when it is not there, or there twice. */
export function readCookie(header: string | undefined, name: string): string | undefined {
  const values = (header ?? "")
    .split(";")
    .map((part) => part.trim())
    .filter((part) => part.startsWith(`${name}=`))
    .map((part) => part.slice(name.length + 1));
  return values.length === 1 && values[0] !== "" ? values[0] : undefined;
}

/** A `set-cookie` header of a cookie that no script can read. The value must be made of letters, digits, `.`, `_` and `-`. */
export function formatCookie(name: string, value: string, options: CookieOptions): string {
  const { path, maxAgeSeconds, sameSite, isSecure } = options;
  const attributes = [`Path=${path}`, `Max-Age=${maxAgeSeconds}`, "HttpOnly", `SameSite=${sameSite}`];
  return [`${name}=${value}`, ...attributes, ...(isSecure ? ["Secure"] : [])].join("; ");
}
