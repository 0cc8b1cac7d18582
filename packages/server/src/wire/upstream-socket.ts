import { connect as connectTcp, type LookupFunction, type Socket } from "node:net";
import type { UpstreamTls } from "./upstream-tls.ts";

/** Where a connection goes. */
export interface Endpoint {
  readonly isTls: boolean;
  readonly host: string;
  readonly port: number;
  /** Path of a Unix domain socket; then host and port only fill the Host header. */
  readonly socketPath: string | undefined;
}

export interface ConnectionOptions {
  readonly connectTimeoutMs: number;
  readonly lookup: LookupFunction;
  /** For an endpoint with TLS. */
  readonly tls: UpstreamTls;
  /** Whether whoever hears of a read is done with it when that returns; then reads are large. */
  readonly areReadsTransient: boolean;
}

/** Hears of a read: it is in the first `bytes` of `shared`, which the next read is written to as well. */
export type OnRead = (shared: Buffer, bytes: number) => void;

/** Begins to connect, over TCP, TLS or a Unix domain socket. No byte is read here; `upstream-connection` reads HTTP. */
export function openSocket(endpoint: Endpoint, options: ConnectionOptions, onRead: OnRead): Socket {
  const shared = options.areReadsTransient ? largeReadBuffer : readBuffer;
  const onread = {
    buffer: shared,
    callback: (bytes: number): boolean => {
      onRead(shared, bytes);
      return true;
    },
  };
  if (endpoint.socketPath !== undefined) return connectTcp({ path: endpoint.socketPath, onread });
  const target = { host: endpoint.host, port: endpoint.port, lookup: options.lookup, noDelay: true, onread };
  return endpoint.isTls ? options.tls.connect(target) : connectTcp(target);
}

/** Every socket reads into one of these two buffers and is done with it at once: reads never overlap on one event loop. */
const readBuffer = Buffer.allocUnsafeSlow(64 * 1024);
/** For long bodies: untouched, it takes no memory. */
const largeReadBuffer = Buffer.allocUnsafeSlow(256 * 1024);
