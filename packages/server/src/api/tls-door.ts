import type { Socket } from "node:net";
import { createServer, type TlsOptions, type TLSSocket } from "node:tls";
import type { TlsCredentials } from "../wire/tls-credentials.ts";
import type { TlsSource } from "./tls-source.ts";

/** TLS of the port. */
export interface Tls {
  readonly source: TlsSource;
  /** Handshakes by how they ended. */
  readonly handshakes: Readonly<Record<"success" | "failure", { add(): void }>>;
  /** How long a client may take for its handshake. Default 10,000. */
  readonly handshakeTimeoutMs?: number;
}

/** Does the handshake of accepted connections before anybody reads of them. */
export interface TlsDoor {
  /** Takes a connection of which nothing was read. It goes on when its handshake is done, or ends. */
  take(accepted: Socket): void;
  /** Ends the handshakes under way, once no other connection is left: a handshake carries no request. */
  closeIdle(): void;
  closeAll(): void;
  /** Hears no more of renewed certificates. The source is its owner's to stop. */
  stop(): void;
}

const defaultHandshakeTimeoutMs = 10_000;

/**
 * TLS 1.2 and 1.3 (RFC 5246, RFC 8446) by Node's own implementation.
 * @param behind what is spoken behind the door, offered by ALPN (RFC 7301), and who takes a connection whose handshake is
 * done; bytes that came with it are still to be read
 */
export function createTlsDoor(
  tls: Tls,
  { protocol, onSecure }: { readonly protocol: "http/1.1" | "h2"; onSecure(socket: TLSSocket): void },
): TlsDoor {
  const { source, handshakes, handshakeTimeoutMs = defaultHandshakeTimeoutMs } = tls;
  const accepted = new Set<Socket>();
  const secure = new Set<TLSSocket>();
  // It never listens: connections are counted and bounded by the port before they come here.
  const server = createServer({
    ...toOptions(source.current),
    handshakeTimeout: handshakeTimeoutMs,
    ALPNProtocols: [protocol],
  });
  server.on("secureConnection", (socket) => {
    handshakes.success.add();
    secure.add(socket);
    socket.once("close", () => secure.delete(socket));
    onSecure(socket);
  });
  // Node tells of a handshake that failed or took too long, and leaves the connection open.
  server.on("tlsClientError", (_error, socket) => {
    handshakes.failure.add();
    socket.destroy();
  });
  // Connections that are open keep what they have agreed on; tickets of the old pair are not resumed.
  const stopListening = source.onRenewed((credentials) => server.setSecureContext(toOptions(credentials)));

  const closeAll = () => {
    for (const socket of accepted) socket.destroy();
  };
  return {
    take(socket) {
      // As in Node's own server for HTTPS: a client that shuts its half down amid the handshake has left.
      socket.allowHalfOpen = false;
      accepted.add(socket);
      socket.once("close", () => accepted.delete(socket));
      server.emit("connection", socket);
    },
    closeIdle() {
      if (secure.size === 0) closeAll();
    },
    closeAll,
    stop: stopListening,
  };
}

function toOptions({ certificate, key, clientAuthorities, minVersion }: TlsCredentials): TlsOptions {
  const asked =
    clientAuthorities === undefined
      ? {}
      : { ca: clientAuthorities, requestCert: true, rejectUnauthorized: true };
  return { cert: certificate, key, minVersion, ...asked };
}
