import { type ChildProcess, fork } from "node:child_process";
import type { Socket } from "node:net";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import type { FromWorker, ToWorker } from "./messages.ts";

export interface WorkerProcessInput {
  onMessage(message: FromWorker): void;
  /** Runs once, when the process is gone and everything that it sent was received. */
  onExit(how: WorkerExit): void;
}

export interface WorkerExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

interface DealtConnection {
  readonly id: number;
  readonly socket: Socket;
  readonly onReturned: () => void;
}

/** One life of a worker, seen from the first process. */
export interface WorkerProcess {
  readonly id: number | undefined;
  /** Connections that were dealt to it and have not ended. */
  readonly openConnections: number;
  send(message: ToWorker): void;
  /**
   * @param onClose runs once when the connection has ended, at the latest with the process
   * @param onReturned runs instead when the process is gone before the connection was on its way to it: nothing of it
   * was read, and another can have it
   */
  deal(socket: Socket, onClose: () => void, onReturned: () => void): void;
  /** The connection that was on its way has come. */
  onTaken(id: number): void;
  onClosed(ids: readonly number[]): void;
  kill(): void;
}

/** Starts a process with the flags of this one; its log goes where this one's goes. */
export function spawnWorker({ onMessage, onExit }: WorkerProcessInput): WorkerProcess {
  const program = fileURLToPath(new URL(`./worker-main${extname(import.meta.url)}`, import.meta.url));
  const child = fork(program, [], {
    serialization: "advanced",
    stdio: ["ignore", "inherit", "inherit", "ipc"],
    execArgv: process.execArgv,
  });
  const open = new Map<number, () => void>();
  const waiting: DealtConnection[] = [];
  const state: { lastId: number; onItsWay: DealtConnection | undefined } = { lastId: 0, onItsWay: undefined };

  function end(id: number): void {
    const onClose = open.get(id);
    open.delete(id);
    onClose?.();
  }

  /**
   * One at a time is on its way, with its handle kept here until it has come: of those that wait in Node's own line, and
   * of the one in the pipe, nothing is told, and nothing closed, when the process dies.
   */
  function sendNext(): void {
    if (state.onItsWay !== undefined || !child.connected) return;
    const next = waiting.shift();
    if (next === undefined) return;
    state.onItsWay = next;
    child.send(
      { type: "connection", id: next.id } satisfies ToWorker,
      next.socket,
      { keepOpen: true },
      (error) => {
        if (error === null) return;
        // With a line that is cut it goes with the process, whose end is near.
        if (!child.connected) return;
        letGo(next);
        end(next.id);
      },
    );
  }

  function letGo(connection: DealtConnection): void {
    if (state.onItsWay !== connection) return;
    state.onItsWay = undefined;
    connection.socket.destroy();
    sendNext();
  }

  // The line carries nothing else.
  child.on("message", (message) => onMessage(message as FromWorker));
  whenGone(child, (how) => {
    const returned = waiting.splice(0);
    for (const { id } of returned) open.delete(id);
    state.onItsWay?.socket.destroy();
    for (const id of open.keys()) end(id);
    onExit(how);
    for (const { onReturned } of returned) onReturned();
  });
  return {
    id: child.pid,
    get openConnections() {
      return open.size;
    },
    send(message) {
      // What cannot be sent any more is told by `onExit`.
      if (child.connected) child.send(message, () => undefined);
    },
    deal(socket, onClose, onReturned) {
      const id = ++state.lastId;
      open.set(id, onClose);
      waiting.push({ id, socket, onReturned });
      sendNext();
    },
    onTaken(id) {
      if (state.onItsWay?.id === id) letGo(state.onItsWay);
    },
    onClosed(ids) {
      for (const id of ids) end(id);
    },
    kill: () => void child.kill("SIGKILL"),
  };
}

/**
 * A process is gone when it has ended and its line is read to the end, or when it could not be started. Node emits no
 * `disconnect` for a line on which a handle was sent that was not confirmed.
 */
function whenGone(child: ChildProcess, action: (how: WorkerExit) => void): void {
  child.once("exit", (code, signal) => {
    const look = () => {
      if (child.connected) setImmediate(look);
      else action({ code, signal });
    };
    look();
  });
  child.once("error", () => {
    if (child.pid === undefined) action({ code: null, signal: null });
  });
}
