import { type ChildProcess, fork } from "node:child_process";
import { extname } from "node:path";
import { PlatformError } from "@llm-platform/kit";
import { createPeer, type Handler, type Peer } from "./peer.ts";

/** Memory of one integration's JavaScript, in MiB; past it the process ends by itself. */
const maxHeapMegabytes = 256;
/** How much of what it prints on its error output is kept for the log. */
const maxPrintedLength = 4_096;

/** A process that runs one integration. */
export interface GuestProcess {
  readonly peer: Peer;
  /** Resolves with one sentence when the process has ended, for whatever reason. */
  readonly exited: Promise<string>;
  /** The end of what it printed on its error output. */
  readonly printed: string;
  /** Ends it at once. */
  kill(): void;
}

export interface GuestInput {
  /** The module that holds the definition. */
  readonly entry: URL;
  /** The only folder that it may write to. Default: none. */
  readonly dataDirectory?: string;
  readonly handlers: Readonly<Record<string, Handler>>;
  /** After this many milliseconds it is killed. Default: never. */
  readonly timeoutMs?: number;
}

/**
 * Starts a process with an empty environment, a bounded heap, and Node's permission model: it reads files, writes
 * to its own folder only, and starts neither processes nor threads. The network is not closed to it by that.
 */
export function spawnGuest({ entry, dataDirectory, handlers, timeoutMs }: GuestInput): GuestProcess {
  const program = new URL(`./guest${extname(import.meta.url)}`, import.meta.url);
  const child = fork(program, [entry.href], {
    env: {},
    execArgv: [
      `--max-old-space-size=${maxHeapMegabytes}`,
      "--permission",
      "--allow-fs-read=*",
      ...(dataDirectory === undefined ? [] : [`--allow-fs-write=${dataDirectory}`]),
    ],
    serialization: "advanced",
    stdio: ["ignore", "ignore", "pipe", "ipc"],
    killSignal: "SIGKILL",
    ...(timeoutMs === undefined ? {} : { timeout: timeoutMs }),
  });
  const peer = createPeer({
    send(message) {
      if (child.connected) child.send(message, () => undefined);
    },
    handlers,
  });
  child.on("message", (message) => peer.receive(message));
  let printed = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    printed = (printed + text).slice(-maxPrintedLength);
  });
  const exited = untilExit(child);
  void exited.then((reason) => peer.close(new PlatformError("unavailable", reason)));
  return {
    peer,
    exited,
    get printed() {
      return printed;
    },
    kill: () => void child.kill("SIGKILL"),
  };
}

function untilExit(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once("error", () => resolve("Its process could not be started."));
    child.once("exit", (code, signal) => resolve(`Its process ended with ${signal ?? `code ${code}`}.`));
  });
}
