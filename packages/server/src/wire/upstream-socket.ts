import { connect as connectTcp, type LookupFunction, type Socket } from "node:net";
import { bodyBuffer } from "./body-buffer.ts";
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
  /** Whether `onRead` is done with a read when it returns: then it is given the buffer that the next one goes to. */
  readonly areReadsTransient: boolean;
}

/** Who takes what is read. */
export interface SocketReader {
  /** Hears of every read, in a buffer of its own unless reads are transient. */
  onRead(read: Buffer): void;
  /** Where a transient read is best put; undefined for anywhere. */
  room(): Uint8Array | undefined;
}

/**
 * Begins to connect, over TCP, TLS or a Unix domain socket. No byte is read here; `upstream-connection` reads HTTP.
 */
export function openSocket(endpoint: Endpoint, options: ConnectionOptions, reader: SocketReader): Socket {
  const onread = options.areReadsTransient ? handOver(reader) : copyOut(reader);
  if (endpoint.socketPath !== undefined) return connectTcp({ path: endpoint.socketPath, onread });
  const target = { host: endpoint.host, port: endpoint.port, lookup: options.lookup, noDelay: true, onread };
  return endpoint.isTls ? options.tls.connect(target) : connectTcp(target);
}

/** Every socket reads into one of these two buffers and is done with it at once: reads never overlap on one event loop. */
const readBuffer = Buffer.allocUnsafeSlow(64 * 1024);
/** For long bodies: untouched, it takes no memory. */
const largeReadBuffer = Buffer.allocUnsafeSlow(256 * 1024);

function copyOut({ onRead }: Pick<SocketReader, "onRead">) {
  return {
    buffer: readBuffer,
    callback: (bytes: number): boolean => {
      const read = bodyBuffer(bytes);
      readBuffer.copy(read, 0, 0, bytes);
      onRead(read);
      return true;
    },
  };
}

function handOver({ onRead, room }: SocketReader) {
  let target: Uint8Array = largeReadBuffer;
  return {
    buffer: (): Uint8Array => (target = room() ?? largeReadBuffer),
    callback: (bytes: number): boolean => {
      onRead(Buffer.from(target.buffer, target.byteOffset, bytes));
      return true;
    },
  };
}
