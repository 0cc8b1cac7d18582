/** Where a server stands. */
export interface ServerAddress {
  /** Scheme, host and port. */
  readonly origin: string;
  /** Path below which everything lies, without a slash at its end; empty for the root. */
  readonly prefix: string;
}

/** Takes a base address apart. `baseUrl` is a valid URL. */
export function parseServerAddress(baseUrl: string): ServerAddress {
  const { origin, pathname } = new URL(baseUrl);
  return { origin, prefix: pathname.replace(/\/+$/, "") };
}
