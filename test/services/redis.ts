import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Redis } from "ioredis";
import { findFreePort } from "../../bench/free-port.ts";
import { findService } from "../../tools/services.ts";

/** A Redis of a test's own, in a temporary folder, without persistence. It ends with the test run at the latest. */
export type TestRedis = {
  readonly port: number;
  /** `redis://…`, for a server's `REDIS_URL`. */
  readonly url: string;
  /** A client for the test itself. */
  readonly client: Redis;
  /** Stops its process where it stands: connections stay open and nothing is answered. */
  freeze(): void;
  thaw(): void;
  /** Ends it, as if its machine were gone. */
  kill(): Promise<void>;
  /** Begins it anew on the same port, with nothing in it. */
  restart(): Promise<void>;
  stop(): Promise<void>;
};

/** Where redis-server is; undefined on a machine without one. */
export const redisServer = findService("redis-server");

export type TestRedisOptions = {
  /** Further lines of its command, for example `--requirepass secret`. */
  readonly flags?: readonly string[];
  /** Whether it speaks TLS only; then it has no client for the test. */
  readonly isTls?: boolean;
};

export async function startRedis({ flags = [], isTls = false }: TestRedisOptions = {}): Promise<TestRedis> {
  if (redisServer === undefined) throw new Error("redis-server is not installed");
  const program = redisServer;
  const directory = await mkdtemp(join(tmpdir(), "llm-platform-redis-"));
  const port = await findFreePort();
  const running: { child: ChildProcess } = { child: await begin() };
  const onExit = () => running.child.kill("SIGKILL");
  process.once("exit", onExit);
  const password = flags[flags.indexOf("--requirepass") + 1];
  const isOpen = !flags.includes("--requirepass");
  const client = new Redis({
    port,
    ...(isOpen || password === undefined ? {} : { password }),
    lazyConnect: isTls,
    retryStrategy: () => 50,
  });
  // A test that kills the server is not interested in what its client says of it.
  client.on("error", () => undefined);

  async function begin(): Promise<ChildProcess> {
    const ports = isTls ? ["--port", "0", "--tls-port", String(port)] : ["--port", String(port)];
    const settings = [...ports, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];
    const child = spawn(program, [...settings, "--dir", directory, ...flags], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const lines = createInterface({ input: child.stdout });
    for await (const line of lines) if (line.includes("Ready to accept connections")) break;
    child.stdout.resume();
    return child;
  }

  async function kill(): Promise<void> {
    const { child } = running;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const over = once(child, "exit");
    child.kill("SIGKILL");
    await over;
  }

  return {
    port,
    url: `${isTls ? "rediss" : "redis"}://127.0.0.1:${port}`,
    client,
    freeze: () => void running.child.kill("SIGSTOP"),
    thaw: () => void running.child.kill("SIGCONT"),
    kill,
    async restart() {
      await kill();
      running.child = await begin();
    },
    async stop() {
      client.disconnect();
      await kill();
      process.off("exit", onExit);
      await rm(directory, { recursive: true, force: true });
    },
  };
}
