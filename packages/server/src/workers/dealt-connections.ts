import type { Socket } from "node:net";
import { createFastLane } from "../api/fast-lane.ts";
import type { FastRoute } from "../wire/client-connection.ts";
import { createTunnels } from "../wire/tunnel.ts";

export interface DealtConnectionsParts {
  readonly canAdopt: boolean;
  /** Socket of the first process for whole connections. */
  readonly tunnelPath: string;
  /** Whether replies are to end their connections, because memory is short. */
  isTight(): boolean;
  countRequest(): void;
  findRoute(path: string): FastRoute | undefined;
  /** Told of connections that have ended, those of one turn together. */
  onClosed(ids: readonly number[]): void;
}

/** The connections that a worker was dealt: on the fast lane, until the first request that is not the lane's. */
export interface DealtConnections {
  readonly count: number;
  take(id: number, socket: Socket): void;
  /** Ends the connections that carry no request now. */
  closeIdle(): void;
  /** Ends connections as replies end, from now on. */
  letGo(): void;
  /** Ends the connections that carry no request, now and as replies end. */
  close(): void;
  closeAll(): void;
  stop(): void;
}

export function createDealtConnections(parts: DealtConnectionsParts): DealtConnections {
  const state = { isLettingGo: false, isClosing: false, count: 0 };
  const isClosing = () => state.isClosing || parts.isTight();
  let closed: number[] = [];
  const tunnels = createTunnels(parts.tunnelPath);
  const lane = createFastLane({
    canAdopt: parts.canAdopt,
    isLettingGo: () => state.isLettingGo || isClosing(),
    isClosing,
    countRequest: () => parts.countRequest(),
    findRoute: (path) => parts.findRoute(path),
    handOver: (socket, onClose, peer) => tunnels.take(socket, { peer, onClose }),
  });

  function noteClosed(id: number): void {
    state.count--;
    if (closed.length === 0) setImmediate(tellClosed);
    closed.push(id);
  }

  function tellClosed(): void {
    const ids = closed;
    closed = [];
    parts.onClosed(ids);
  }

  return {
    get count() {
      return state.count;
    },
    take(id, socket) {
      state.count++;
      lane.take(socket, () => noteClosed(id));
    },
    letGo() {
      state.isLettingGo = true;
    },
    closeIdle: () => lane.closeIdle(),
    close() {
      state.isClosing = true;
      lane.closeIdle();
    },
    closeAll() {
      lane.closeAll();
      tunnels.closeAll();
    },
    stop: () => lane.stop(),
  };
}
