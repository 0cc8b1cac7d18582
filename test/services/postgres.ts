import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { Client, types } from "pg";
import { findFreePort } from "../../bench/free-port.ts";
import { findService } from "../../tools/services.ts";

/** A PostgreSQL of its own for a file of tests, in a new folder; it ends with the tests. */
export interface TestPostgres {
  readonly port: number;
  /** Makes a new, empty database and resolves with the address of it. */
  createDatabase(): Promise<string>;
  /** Runs SQL in a database as its owner. */
  query(url: string, sql: string): Promise<readonly Readonly<Record<string, unknown>>[]>;
  /** Stops the server: `fast` ends its connections in order, `kill` is a crash. */
  halt(how: "fast" | "kill"): Promise<void>;
  /** Starts it again, at the same port, unless it runs. */
  resume(): Promise<void>;
  /** Halts every process of the server, which then keeps its connections and says nothing; `false` lets them go on. */
  freeze(isFrozen: boolean): void;
  /** Gives new connections another certificate, when it was started with one. */
  useCertificate(certificate: TestCertificate): void;
  stop(): Promise<void>;
}

/** In PEM. */
export type TestCertificate = { readonly cert: string; readonly key: string };

/** Where the programs of PostgreSQL are; undefined where they are not, and its tests are skipped. */
export const postgresProgram = findService("postgres");

const readyLimitMs = 30_000;
/** PostgreSQL refuses to run as root: then it runs as the user that owns nothing. */
const nobody = 65_534;
const password = "s3cret-of-the-tests";

/** @param certificate it then takes connections by TLS as well */
export async function startPostgres(certificate?: TestCertificate): Promise<TestPostgres> {
  if (postgresProgram === undefined) throw new Error("PostgreSQL is not installed");
  const bin = dirname(postgresProgram);
  const folder = mkdtempSync(join(tmpdir(), "postgres-"));
  const data = join(folder, "data");
  const identity = process.getuid?.() === 0 ? { uid: nobody, gid: nobody } : {};
  if (identity.uid !== undefined) chownSync(folder, nobody, nobody);
  const env = { ...process.env, LC_ALL: "C.UTF-8" };
  execFileSync(
    "sh",
    [
      "-c",
      `printf '%s' "$2" > "$3" && exec "$0" -D "$1" -U owner -A scram-sha-256 --pwfile "$3" -E UTF8 --no-sync`,
      join(bin, "initdb"),
      data,
      password,
      join(folder, "password"),
    ],
    { ...identity, env, cwd: folder, stdio: "pipe" },
  );
  const port = await findFreePort();
  const tls = { cert: join(folder, "server.crt"), key: join(folder, "server.key") };
  const writeCertificate = ({ cert, key }: TestCertificate) => {
    for (const [path, text] of [
      [tls.cert, cert],
      [tls.key, key],
    ] as const) {
      writeFileSync(path, text, { mode: 0o600 });
      if (identity.uid !== undefined) chownSync(path, nobody, nobody);
    }
  };
  if (certificate !== undefined) writeCertificate(certificate);
  const settings: Readonly<Record<string, string>> =
    certificate === undefined ? {} : { ssl: "on", ssl_cert_file: tls.cert, ssl_key_file: tls.key };
  const start = () =>
    startServer(join(bin, "postgres"), { data, folder, port, settings }, { ...identity, env, cwd: folder });
  const state = { child: await start(), databases: 0 };
  const addressOf = (name: string) => `postgres://owner:${password}@127.0.0.1:${port}/${name}`;

  async function query(url: string, sql: string) {
    const client = new Client({ connectionString: url, types: { getTypeParser } });
    await client.connect();
    try {
      return (await client.query(sql)).rows;
    } finally {
      await client.end();
    }
  }

  async function halt(how: "fast" | "kill"): Promise<void> {
    const { child } = state;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    if (how === "kill") signalAll(child, "SIGKILL");
    else child.kill("SIGINT");
    await gone;
  }

  return {
    port,
    async createDatabase() {
      const name = `test_${++state.databases}`;
      await query(addressOf("postgres"), `CREATE DATABASE ${name}`);
      return addressOf(name);
    },
    query,
    halt,
    async resume() {
      const { child } = state;
      if (child.exitCode !== null || child.signalCode !== null) state.child = await start();
    },
    freeze: (isFrozen) => signalAll(state.child, isFrozen ? "SIGSTOP" : "SIGCONT"),
    useCertificate(renewed) {
      writeCertificate(renewed);
      state.child.kill("SIGHUP");
    },
    async stop() {
      signalAll(state.child, "SIGCONT");
      await halt("kill");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

interface Place {
  readonly data: string;
  readonly folder: string;
  readonly port: number;
  readonly settings: Readonly<Record<string, string>>;
}

async function startServer(
  program: string,
  { data, folder, port, settings: more }: Place,
  options: {
    readonly uid?: number;
    readonly gid?: number;
    readonly env: NodeJS.ProcessEnv;
    readonly cwd: string;
  },
): Promise<ChildProcess> {
  const settings = {
    listen_addresses: "127.0.0.1",
    unix_socket_directories: folder,
    fsync: "on",
    shared_buffers: "32MB",
    max_connections: "60",
    ...more,
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const child = spawn(program, ["-D", data, "-p", String(port), ...flags], {
    ...options,
    stdio: ["ignore", "ignore", "pipe"],
  });
  process.once("exit", () => signalAll(child, "SIGKILL"));
  const lines: string[] = [];
  const ready = Promise.withResolvers<void>();
  const late = setTimeout(() => ready.reject(new Error("PostgreSQL did not start in time")), readyLimitMs);
  createInterface({ input: child.stderr }).on("line", (line) => {
    lines.push(line);
    if (line.includes("ready to accept connections")) ready.resolve();
  });
  child.once("exit", () => ready.reject(new Error(`PostgreSQL ended:\n${lines.join("\n")}`)));
  await ready.promise.finally(() => clearTimeout(late));
  return child;
}

/** Counts as numbers. */
function getTypeParser(type: number, format?: "text" | "binary") {
  return type === types.builtins.INT8 ? Number : types.getTypeParser(type, format ?? "text");
}

/** Each process of PostgreSQL is in a group of its own, so that they are looked up. Linux only. */
function signalAll(child: ChildProcess, signal: NodeJS.Signals): void {
  const { pid } = child;
  if (pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  for (const each of [pid, ...childrenOf(pid)]) {
    try {
      process.kill(each, signal);
    } catch {
      // It is gone already.
    }
  }
}

function childrenOf(pid: number): readonly number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
  return text === "" ? [] : text.split(" ").map(Number);
}
