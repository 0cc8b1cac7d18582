import { isIP, type TcpNetConnectOpts } from "node:net";
import { connect, createSecureContext, type SecureContext, type TLSSocket } from "node:tls";

/** How a handshake went that succeeded. */
export type SessionUse = "new" | "resumed";

export interface UpstreamTlsParts {
  readonly host: string;
  /** Issuers in PEM that the server's certificate must come from; undefined for those that Node trusts. */
  readonly certificateAuthorities: string | undefined;
  onHandshake(session: SessionUse): void;
}

/**
 * TLS (RFC 8446, RFC 5246) to one origin by Node's own implementation, with the server's certificate checked against the
 * host (RFC 6125), which is named by SNI unless it is an address (RFC 6066 section 3). The latest session is kept, one
 * and no more, for the next connection to resume (RFC 8446 section 2.2, RFC 5077), which spares both sides the
 * certificates and their signatures. Node hands a session out only after the certificate was accepted.
 */
export class UpstreamTls {
  readonly #parts: UpstreamTlsParts;
  /** Made once: anew for each connection it costs a tenth of what both sides spend on a full handshake. */
  #context: SecureContext | undefined;
  #session: Buffer | undefined;

  constructor(parts: UpstreamTlsParts) {
    this.#parts = parts;
  }

  connect(target: TcpNetConnectOpts): TLSSocket {
    const { host, certificateAuthorities: ca, onHandshake } = this.#parts;
    this.#context ??= createSecureContext(ca === undefined ? {} : { ca });
    const offered = this.#session;
    const socket = connect({
      ...target,
      secureContext: this.#context,
      ALPNProtocols: ["http/1.1"],
      ...(isIP(host) === 0 ? { servername: host } : {}),
      ...(offered === undefined ? {} : { session: offered }),
    });
    let isResumed = false;
    socket.once("secureConnect", () => {
      isResumed = socket.isSessionReused();
      onHandshake(isResumed ? "resumed" : "new");
      if (!isResumed) this.#forget(offered);
    });
    socket.on("session", (session: Buffer) => {
      this.#session = session;
    });
    // A handshake that broke off may have broken off because of what was offered. The pool hears of it by any of these.
    if (offered !== undefined)
      for (const event of ["error", "end", "close"])
        socket.once(event, () => {
          if (!isResumed) this.#forget(offered);
        });
    return socket;
  }

  /** A session that the server did not take is not offered again. A newer one stays. */
  #forget(session: Buffer | undefined): void {
    if (this.#session === session) this.#session = undefined;
  }
}
