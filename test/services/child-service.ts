import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";

/** A program that serves on the loopback until it is stopped; it ends with the test run at the latest. */
export type ChildService = {
  /** Without a slash at the end. */
  readonly url: string;
  /** The last of what it wrote. */
  log(): string;
  /** Ends it as if its machine were gone. */
  stop(): Promise<void>;
};

const usualStartLimitMs = 20_000;
const lookMs = 50;

/**
 * Starts a program and waits until a path of it answers 200.
 * @throws with all that it wrote when it does not
 */
export async function startChildService(
  program: string,
  args: readonly string[],
  {
    url,
    readyPath,
    env,
    startLimitMs = usualStartLimitMs,
    look = lookPlainly,
  }: {
    readonly url: string;
    readonly readyPath: string;
    readonly env?: NodeJS.ProcessEnv;
    /** Default 20,000. */
    readonly startLimitMs?: number;
    /** The status of an address, 0 for none. Default: by plain HTTP. */
    readonly look?: (address: string) => Promise<number>;
  },
): Promise<ChildService> {
  // In a group of its own, so that what it started ends with it.
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], detached: true, env });
  const gone = once(child, "exit");
  let written = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => {
      written = (written + text).slice(-20_000);
    });
  const onExit = () => {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, "SIGKILL");
  };
  process.once("exit", onExit);
  const untilMs = performance.now() + startLimitMs;
  for (;;) {
    if ((await look(url + readyPath)) === 200) break;
    if (child.exitCode !== null || performance.now() > untilMs) {
      onExit();
      throw new Error(`${program} is not ready:\n${written}`);
    }
    await sleep(lookMs);
  }
  return {
    url,
    log: () => written,
    async stop() {
      onExit();
      await gone;
      process.off("exit", onExit);
    },
  };
}

function lookPlainly(address: string): Promise<number> {
  return fetch(address).then(
    (response) => response.status,
    () => 0,
  );
}
