import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";

/** Raises the limit of open files as far as allowed, then becomes the program on the given cores: the pid stays. */
const pinScript = 'ulimit -n "$(ulimit -Hn)"; exec taskset -c "$0" "$@"';
/** Nothing of the caller's environment reaches a contestant, so that no setting of a developer is measured. */
const cleanEnv = { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", LANG: "C.UTF-8" };
const stopTimeoutMs = 5_000;
const logTailBytes = 4_000;

export interface StartOptions {
  /** As messages should call it. */
  readonly name: string;
  /** Where it may run. */
  readonly cores: readonly number[];
  /** Program and arguments. */
  readonly command: readonly string[];
  /** Takes what it prints. */
  readonly logFile: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Default the caller's. */
  readonly cwd?: string;
}

/** A process that was started on cores of its own. */
export interface PinnedProcess {
  readonly name: string;
  hasEnded(): boolean;
  /** The end of what it printed. */
  logTail(): Promise<string>;
  /** Its own pid and those of all its descendants, as of now. */
  pids(): Promise<readonly number[]>;
  /** Takes no CPU until it is resumed; what it was asked in the meantime waits. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Also when it is paused: SIGTERM, after five seconds SIGKILL; descendants never outlive it. Resolves when it has ended. */
  stop(): Promise<void>;
}

/** Owner of every process of a run. */
export interface Processes {
  start(options: StartOptions): PinnedProcess;
  /** Runs a program to its end. @returns what it wrote to stdout @throws Error when it failed */
  run(options: Omit<StartOptions, "logFile">): Promise<string>;
  /** Ends all that still runs; nothing can be started afterwards. */
  stopAll(): Promise<void>;
}

export function createProcesses(): Processes {
  const running = new Set<ChildProcess>();
  const state = { isClosed: false };
  const spawnPinned = (
    { cores, command, env, cwd }: Omit<StartOptions, "logFile">,
    output: number | "pipe",
  ) => {
    // An interrupt may come between two measurements: the next one must not start what nobody would stop.
    if (state.isClosed) throw new Error("the run was interrupted");
    const child = spawn("/bin/sh", ["-c", pinScript, cores.join(","), ...command], {
      cwd,
      env: { ...cleanEnv, ...env },
      stdio: ["ignore", output, output],
      // A group of its own, by which it is ended with all that it started.
      detached: true,
    });
    running.add(child);
    child.once("exit", () => running.delete(child));
    child.once("error", () => running.delete(child));
    return child;
  };
  return {
    start(options) {
      const log = openSync(options.logFile, "w");
      const child = spawnPinned(options, log);
      closeSync(log);
      return toPinnedProcess(child, options);
    },
    async run(options) {
      return collectOutput(spawnPinned(options, "pipe"), options.name);
    },
    async stopAll() {
      state.isClosed = true;
      await Promise.all([...running].map(stop));
    },
  };
}

function toPinnedProcess(child: ChildProcess, { name, logFile }: StartOptions): PinnedProcess {
  return {
    name,
    hasEnded: () => hasEnded(child),
    async logTail() {
      return (await readFile(logFile, "utf8")).slice(-logTailBytes);
    },
    pids: () => (child.pid === undefined ? Promise.resolve([]) : withDescendants(child.pid)),
    pause: () => signalAll(child, "SIGSTOP"),
    resume: () => signalAll(child, "SIGCONT"),
    stop: () => stop(child),
  };
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null || child.pid === undefined;
}

async function stop(child: ChildProcess): Promise<void> {
  if (hasEnded(child) || child.pid === undefined) return;
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.kill("SIGTERM");
  const group = -child.pid;
  signalIfAlive(group, "SIGCONT");
  const isLate = new AbortController();
  const late = wait(stopTimeoutMs, undefined, { signal: isLate.signal }).catch(() => undefined);
  await Promise.race([ended, late]);
  isLate.abort();
  // Also what a program left behind that ended in time: it would work on, beside whatever is measured next.
  signalIfAlive(group, "SIGKILL");
  await ended;
}

async function signalAll(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (hasEnded(child) || child.pid === undefined) return;
  for (const pid of await withDescendants(child.pid)) signalIfAlive(pid, signal);
}

function signalIfAlive(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended in the meantime: there is nothing left to stop, and whoever asks it next finds out.
  }
}

function collectOutput(child: ChildProcess, name: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = "";
    let errors = "";
    child.stdout?.setEncoding("utf8").on("data", (text: string) => (output += text));
    child.stderr?.setEncoding("utf8").on("data", (text: string) => (errors += text));
    child.once("error", reject);
    child.once("close", (code, signal) => {
      if (code === 0) resolve(output);
      else reject(new Error(`${name} ended with ${code ?? signal}: ${errors.trim()}`));
    });
  });
}

async function withDescendants(pid: number): Promise<readonly number[]> {
  const children = await childrenOf(pid);
  return [pid, ...(await Promise.all(children.map(withDescendants))).flat()];
}

/** Each thread of a process may have started children of its own. */
async function childrenOf(pid: number): Promise<readonly number[]> {
  try {
    const threads = await readdir(`/proc/${pid}/task`);
    const lists = await Promise.all(
      threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/children`, "utf8")),
    );
    return lists.flatMap((list) =>
      list
        .split(" ")
        .filter((text) => text !== "")
        .map(Number),
    );
  } catch {
    // The process, or one of its threads, ended while it was looked at.
    return [];
  }
}
