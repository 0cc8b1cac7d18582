import { connect as connectTcp, type LookupFunction, type Socket } from "node:net";
import type { Endpoint } from "./upstream-endpoint.ts";
import type { UpstreamTls } from "./upstream-tls.ts";

export interface ConnectionOptions {
  readonly connectTimeoutMs: number;
  readonly lookup: LookupFunction;
  /** For an endpoint with TLS. */
  readonly tls: UpstreamTls;
  /** Whether whoever hears of a read is done with it when that returns; then reads are large. */
  readonly areReadsTransient: boolean;
}

/** Who takes what is read. */
export interface SocketReader {
  /** Hears of a read: it is in the first `bytes` of `shared`, which the next read is written to as well. */
  onRead(shared: Buffer, bytes: number): void;
  /** Where a transient read is best put; undefined for anywhere. */
  room(): Uint8Array | undefined;
}

/** Begins to connect, over TCP, TLS or a Unix domain socket. No byte is read here; `upstream-reply-reader` reads HTTP. */
export function openSocket(endpoint: Endpoint, options: ConnectionOptions, reader: SocketReader): Socket {
  const onread = options.areReadsTransient ? readToRoom(reader) : readToShared(reader);
  if (endpoint.socketPath !== undefined) return connectTcp({ path: endpoint.socketPath, onread });
  const target = { host: endpoint.host, port: endpoint.port, lookup: options.lookup, noDelay: true, onread };
  return endpoint.isTls ? options.tls.connect(target) : connectTcp(target);
}

/** Every socket reads into one of these two buffers and is done with it at once: reads never overlap on one event loop. */
const readBuffer = Buffer.allocUnsafeSlow(64 * 1024);
/** For long bodies: untouched, it takes no memory. */
const largeReadBuffer = Buffer.allocUnsafeSlow(256 * 1024);

function readToShared({ onRead }: SocketReader) {
  return {
    buffer: readBuffer,
    callback: (bytes: number): boolean => {
      onRead(readBuffer, bytes);
      return true;
    },
  };
}

function readToRoom({ onRead, room }: SocketReader) {
  let target: Uint8Array = largeReadBuffer;
  return {
    buffer: (): Uint8Array => (target = room() ?? largeReadBuffer),
    callback: (bytes: number): boolean => {
      onRead(Buffer.from(target.buffer, target.byteOffset, bytes), bytes);
      return true;
    },
  };
}
