import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import type { PlatformError } from "@llm-platform/kit";
import { adoptSocket, wrapSocket } from "../wire/adopt-socket.ts";
import { ClientConnection, type FastRoute } from "../wire/client-connection.ts";
import { Deadlines } from "../wire/deadlines.ts";
import { formatBareAnswer } from "./answer.ts";

export interface FastLaneParts {
  /** Whether a connection's handle may be moved, as that of a TLS connection never may; see `canAdopt`. */
  readonly canAdopt: boolean;
  /** Whether replies end their connections. */
  isLettingGo(): boolean;
  /** Whether connections that bring no request end. */
  isClosing(): boolean;
  countRequest(): void;
  findRoute(path: string): FastRoute | undefined;
  /** Takes a connection for good whose next request is not the lane's. */
  handOver(socket: Socket, onClose: () => void, peer: string): void;
}

/** Connections of which `wire/` reads the requests, for as long as it understands them all. */
export interface FastLane {
  /**
   * @param onClose runs once when the connection has ended, on whichever lane
   * @param peer whose connection it is; default the address of its other end
   */
  take(socket: Socket, onClose: () => void, peer?: string): void;
  /** Ends the connections that carry no request. */
  closeIdle(): void;
  closeAll(): void;
  stop(): void;
}

/** Time-outs of whole requests need no finer look than this. */
const lookEveryMs = 1_000;

export function createFastLane(parts: FastLaneParts): FastLane {
  const { canAdopt, isLettingGo, isClosing, countRequest, findRoute, handOver } = parts;
  const deadlines = new Deadlines(lookEveryMs);
  const open = new Map<ClientConnection, () => void>();
  const forget = (connection: ClientConnection): (() => void) | undefined => {
    const onClose = open.get(connection);
    open.delete(connection);
    deadlines.delete(connection);
    return onClose;
  };
  const owner = {
    get isLettingGo() {
      return isLettingGo();
    },
    get isClosing() {
      return isClosing();
    },
    findRoute,
    countRequest,
    handOver(connection: ClientConnection, socket: Socket): void {
      const onClose = forget(connection);
      if (onClose !== undefined) handOver(socket, onClose, connection.peer);
    },
    formatTimeout: (error: PlatformError) => formatBareAnswer(error, "408 Request Timeout"),
    onClose: (connection: ClientConnection) => forget(connection)?.(),
  };
  return {
    take(socket, onClose, peer = socket.remoteAddress ?? "") {
      const adopt = canAdopt && !(socket instanceof TLSSocket) ? adoptSocket : wrapSocket;
      const connection = new ClientConnection(owner, { socket, peer }, adopt);
      open.set(connection, onClose);
      deadlines.add(connection);
    },
    closeIdle() {
      for (const connection of open.keys()) if (connection.isIdle) connection.destroy();
    },
    closeAll() {
      for (const connection of open.keys()) connection.destroy();
    },
    stop: () => deadlines.stop(),
  };
}
