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

/** One life of a worker, seen from the first process. */
export interface WorkerProcess {
  readonly id: number | undefined;
  /** Connections that were dealt to it and have not ended. */
  readonly openConnections: number;
  send(message: ToWorker): void;
  /** @param onClose runs once when the connection has ended, at the latest with the process */
  deal(socket: Socket, onClose: () => void): void;
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
  let lastId = 0;

  function end(id: number): void {
    const onClose = open.get(id);
    open.delete(id);
    onClose?.();
  }

  // The line carries nothing else.
  child.on("message", (message) => onMessage(message as FromWorker));
  whenGone(child, (how) => {
    for (const id of open.keys()) end(id);
    onExit(how);
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
    deal(socket, onClose) {
      const id = ++lastId;
      open.set(id, onClose);
      child.send({ type: "connection", id } satisfies ToWorker, socket, (error) => {
        if (error === null) return;
        socket.destroy();
        end(id);
      });
    },
    onClosed(ids) {
      for (const id of ids) end(id);
    },
    kill: () => void child.kill("SIGKILL"),
  };
}

/** A process is gone when it has ended and its line is read to the end, or when it could not be started. */
function whenGone(child: ChildProcess, action: (how: WorkerExit) => void): void {
  const state: { how?: WorkerExit; isCut: boolean; isTold: boolean } = { isCut: false, isTold: false };
  const look = () => {
    if (state.how === undefined || !state.isCut || state.isTold) return;
    state.isTold = true;
    action(state.how);
  };
  child.once("exit", (code, signal) => {
    state.how = { code, signal };
    state.isCut ||= !child.connected;
    look();
  });
  child.once("disconnect", () => {
    state.isCut = true;
    look();
  });
  child.once("error", () => {
    if (child.pid !== undefined) return;
    state.how = { code: null, signal: null };
    state.isCut = true;
    look();
  });
}
