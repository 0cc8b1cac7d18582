import { connect as connectTcp, type LookupFunction, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { bodyBuffer } from "./body-buffer.ts";

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
  /** TLS session to resume, when one is known. */
  readonly session: Buffer | undefined;
  onSession(session: Buffer): void;
}

/**
 * Begins to connect, over TCP, TLS (RFC 8446, with the session of an earlier connection where one is known) or a Unix domain
 * socket.
 * @param onRead hears of every read, in a buffer of its own
 */
export function openSocket(
  endpoint: Endpoint,
  options: ConnectionOptions,
  onRead: (read: Buffer) => void,
): Socket {
  const onread = {
    buffer: readBuffer,
    callback: (bytes: number): boolean => {
      const read = bodyBuffer(bytes);
      readBuffer.copy(read, 0, 0, bytes);
      onRead(read);
      return true;
    },
  };
  if (endpoint.socketPath !== undefined) return connectTcp({ path: endpoint.socketPath, onread });
  const target = { host: endpoint.host, port: endpoint.port, lookup: options.lookup, noDelay: true, onread };
  if (!endpoint.isTls) return connectTcp(target);
  const session = options.session === undefined ? {} : { session: options.session };
  const socket = connectTls({
    ...target,
    ...session,
    servername: endpoint.host,
    ALPNProtocols: ["http/1.1"],
  });
  socket.on("session", options.onSession);
  return socket;
}

/** Every socket reads into this one buffer and copies out at once: reads never overlap on one event loop. */
const readBuffer = Buffer.allocUnsafeSlow(64 * 1024);
