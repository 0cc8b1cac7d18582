/** An address to listen on. */
export interface HostPort {
  /** Without the brackets of IPv6. */
  readonly host: string;
  readonly port: number;
}

/** Reads `host:port` and `[address]:port`; undefined for anything else. */
export function parseHostPort(text: string): HostPort | undefined {
  const found = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s/]+)):(\d{1,5})$/.exec(text);
  const port = Number(found?.[3]);
  const host = found?.[1] ?? found?.[2];
  return host === undefined || !(port <= 65_535) ? undefined : { host, port };
}
