import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { createInterface } from "node:readline";

/** How a server child is started. */
export type ServerChildOptions = {
  /** The server's entry point, as built. */
  readonly entry: string;
  readonly configFile: string;
  /** Beside the variables of this process, or instead of them. */
  readonly env?: Readonly<Record<string, string>>;
  /** Flags of Node itself. */
  readonly nodeFlags?: readonly string[];
  /** Hears every line that the server writes. */
  readonly onLine?: (line: string) => void;
};

/** One life of the server, as a process of its own. */
export type ServerChild = {
  /** Settles when calls are taken. Rejects with what the server wrote when it ended by itself before. */
  readonly ready: Promise<void>;
  /** The id of the process. */
  readonly id: number;
  /** The ids of the workers that take connections now, as far as the log told. */
  readonly workers: readonly number[];
  /** `kill -9`; settles when the process is gone. */
  kill(): Promise<void>;
  /** SIGTERM; settles with the exit code. */
  stop(): Promise<number | null>;
};

/** Starts the server. Its log is kept for the message of a start that fails, and nothing else. */
export function startServerChild(options: ServerChildOptions): ServerChild {
  const { entry, configFile, env, nodeFlags = [], onLine } = options;
  const child = spawn(process.execPath, [...nodeFlags, entry, "--config", configFile], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...env },
  });
  const gone = once(child, "exit");
  const ready = Promise.withResolvers<void>();
  const state = { isKilled: false };
  const written: string[] = [];
  const workers = new Set<number>();
  const keep = (line: string): void => {
    onLine?.(line);
    written.push(line);
    if (written.length > 200) written.shift();
    if (line.includes('"event":"platform.started"')) ready.resolve();
    noteWorker(line, workers);
  };
  for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on("line", keep);
  child.once("close", () => {
    if (!state.isKilled) ready.reject(new Error(`the server ended by itself:\n${written.join("\n")}`));
    else ready.resolve();
  });
  return {
    ready: ready.promise,
    id: child.pid ?? 0,
    get workers() {
      return [...workers];
    },
    kill: async () => {
      state.isKilled = true;
      child.kill("SIGKILL");
      await gone;
    },
    stop: () => stopChild(child, gone),
  };
}

function noteWorker(line: string, workers: Set<number>): void {
  const pid = Number(/"pid":(\d+)/.exec(line)?.[1]);
  if (line.includes('"event":"worker.ready"')) workers.add(pid);
  if (line.includes('"event":"worker.ended"')) workers.delete(pid);
}

async function stopChild(child: ChildProcess, gone: Promise<unknown>): Promise<number | null> {
  child.kill("SIGTERM");
  await gone;
  return child.exitCode;
}

/** A port of the loopback that is free now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("the system gave no port");
  return address.port;
}
