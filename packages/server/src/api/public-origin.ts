import type { IncomingHttpHeaders } from "node:http";

/** How clients reach this server. */
export interface PublicAddress {
  /** As configured, without a path; undefined where the `Host` of a request has to do. */
  readonly origin: string | undefined;
  readonly isTls: boolean;
}

/** The origin by which a request has reached this server. */
export function originOf(
  { origin, isTls }: PublicAddress,
  { host }: { readonly host?: string | undefined },
): string {
  return origin ?? `${isTls ? "https" : "http"}://${host ?? "localhost"}`;
}

/** The same; undefined for a `Host` that no address can have. */
export function safeOriginOf(address: PublicAddress, host: string | undefined): string | undefined {
  const origin = originOf(address, { host });
  return /^https?:\/\/[\w.:[\]-]+$/.test(origin) ? origin : undefined;
}

/** Whether cookies may be kept to TLS. */
export function isSecure(address: PublicAddress): boolean {
  return address.isTls || address.origin?.startsWith("https:") === true;
}

/** Whether a page of this server itself has made a request that a browser would decorate with a cookie. */
export function isSameOrigin(address: PublicAddress, headers: IncomingHttpHeaders): boolean {
  const host = URL.parse(headers.origin ?? "")?.host;
  // A proxy in front may speak TLS where this server does not, so the schemes may differ.
  return host !== undefined && [headers.host, URL.parse(address.origin ?? "")?.host].includes(host);
}
