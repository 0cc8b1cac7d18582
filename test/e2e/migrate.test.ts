import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { runProgram } from "../ship/run-program.ts";
import { postgresProgram, startPostgres, type TestPostgres } from "../services/postgres.ts";
import { runLlmp } from "./cli-process.ts";
import { spawnServer } from "./spawn-server.ts";
import { builtServer } from "./start-platform.ts";

vi.setConfig({ testTimeout: 120_000 });

const secrets = { LLM_PLATFORM_SECRETS__MASTER_KEY: Buffer.alloc(32, 7).toString("base64") };

function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "migrate-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** The server's own program, as in an image without `llmp`. */
function runServer(args: readonly string[], env: Readonly<Record<string, string>>) {
  return runProgram(process.execPath, [builtServer, ...args], { env });
}

test("the schema in a data folder is made by a command, and a server that must not make it waits for that", async () => {
  const data = join(temporaryDirectory(), "data");
  const env = { LLM_PLATFORM_DATA_DIR: data };
  const check = await runLlmp(["migrate", "--check"], { env });
  expect([check.exitCode, check.stdout]).toEqual([1, expect.stringContaining("pending: 0001_first")]);
  const server = spawnServer({ ...env, DATABASE_MIGRATE: "never" });
  const address = await server.url(/database\.waiting_at/);
  const ready = await fetch(`${address}/readyz`);
  expect([ready.status, await ready.text()]).toEqual([503, expect.stringContaining("Run `llmp migrate`")]);
  expect((await fetch(`${address}/livez`)).status).toBe(200);

  const made = await runServer(["migrate"], env);
  expect([made.status, made.stderr]).toEqual([0, expect.stringContaining("made: 0001_first")]);
  await server.line(/platform\.started/);
  const state = await runLlmp(["migrate", "--check", "-o", "json"], { env });
  expect([state.exitCode, JSON.parse(state.stdout)]).toEqual([0, { check: true, pending: [], newer: [] }]);

  const used = await runLlmp(["migrate"], { env });
  expect([used.exitCode, used.stderr]).toEqual([1, expect.stringContaining("uses the data folder")]);
});

test("a newer schema is worked on where it was only added to, else refused", async () => {
  const env = { LLM_PLATFORM_DATA_DIR: join(temporaryDirectory(), "data") };
  expect((await runLlmp(["migrate"], { env })).exitCode).toBe(0);
  const alter = (sql: string) => {
    const raw = new DatabaseSync(join(env.LLM_PLATFORM_DATA_DIR, "platform.db"));
    raw.exec(sql);
    raw.close();
  };
  alter("INSERT INTO kysely_migration VALUES ('9999_later', '2030-01-01T00:00:00Z')");
  expect((await runLlmp(["migrate", "--check"], { env })).stdout).toMatch(
    /of a newer version: 9999_later\n.*up to date/,
  );
  const older = spawnServer({ ...env, DATABASE_MIGRATE: "never" });
  await older.line(/platform\.started/);
  older.child.kill("SIGTERM");
  expect(await older.exit).toBe(0);
  alter("UPDATE schema_floor SET change = '9999_later'");
  const refused = await runServer(["migrate"], env);
  expect([refused.status, refused.stderr]).toEqual([1, expect.stringContaining("cannot work on it")]);
});

test("what cannot be reached, and a configuration that is wrong, have exit codes of their own", async () => {
  const away = await runServer(["migrate", "--check"], {
    LLM_PLATFORM_DATA_DIR: temporaryDirectory(),
    DATABASE_URL: "postgres://a:b@127.0.0.1:1/c",
  });
  expect([away.status, away.stderr]).toEqual([5, expect.stringContaining("ECONNREFUSED")]);
  const wrong = await runServer(["migrate"], { DATABASE_MIGRATE: "sometimes" });
  expect([wrong.status, wrong.stderr]).toEqual([2, expect.stringContaining("database.migrate")]);
});

describe.skipIf(postgresProgram === undefined)("the schema in PostgreSQL", () => {
  let postgres: TestPostgres;

  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres.stop());

  test("is made once by commands that run at once, while a server waits for it", async () => {
    const url = await postgres.createDatabase();
    const env = { DATABASE_URL: url, LLM_PLATFORM_DATA_DIR: temporaryDirectory(), ...secrets };
    const server = spawnServer({ DATABASE_URL: url, ...secrets, DATABASE_MIGRATE: "never" });
    await server.line(/database\.waiting_at/);
    expect(await postgres.query(url, "SELECT 1 FROM pg_class WHERE relname = 'users'")).toEqual([]);
    const check = await runServer(["migrate", "--check"], env);
    expect([check.status, check.stderr]).toEqual([1, expect.stringContaining("pending: 0001_first")]);

    const both = await Promise.all([runServer(["migrate"], env), runServer(["migrate"], env)]);
    expect(both.map(({ status }) => status)).toEqual([0, 0]);
    expect(both.filter(({ stderr }) => stderr.includes("made: 0001_first"))).toHaveLength(1);
    await server.line(/platform\.started/);
  });

  test("is waited for while another one changes it", async () => {
    const url = await postgres.createDatabase();
    const env = { DATABASE_URL: url, LLM_PLATFORM_DATA_DIR: temporaryDirectory(), ...secrets };
    const holder = new Client({ connectionString: url });
    await holder.connect();
    try {
      await holder.query("BEGIN; SELECT pg_advisory_xact_lock(1819045232, 1)");
      const late = runServer(["migrate"], env);
      const waiting = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted";
      await expect.poll(() => postgres.query(url, waiting), { timeout: 20_000 }).toHaveLength(1);
      await holder.query("ROLLBACK");
      expect((await late).status).toBe(0);
    } finally {
      await holder.end();
    }
  });
});
