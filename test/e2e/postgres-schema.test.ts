import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { postgresProgram, startPostgres, type TestPostgres } from "../services/postgres.ts";
import { spawnServer } from "./spawn-server.ts";

const secrets = { LLM_PLATFORM_SECRETS__MASTER_KEY: Buffer.alloc(32, 7).toString("base64") };

describe.skipIf(postgresProgram === undefined)("the schema in PostgreSQL", () => {
  let server: TestPostgres;

  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.stop());

  const tablesOf = async (url: string) =>
    (
      await server.query(
        url,
        "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace",
      )
    ).map(({ relname }) => String(relname));
  const start = (url: string) => spawnServer({ DATABASE_URL: url, ...secrets });

  test("is made by one of two servers that begin at once on an empty database, and used by both", async () => {
    const url = await server.createDatabase();
    const both = [start(url), start(url)];
    for (const one of both) {
      const address = await one.url(/platform\.started/);
      expect((await fetch(`${address}/readyz`)).status).toBe(200);
    }
    const applied = await server.query(url, "SELECT name FROM kysely_migration");
    expect(new Set(applied.map(({ name }) => name)).size).toBe(applied.length);
  });

  test("of a server that is killed half-way is not there, and the next start makes all of it", async () => {
    const url = await server.createDatabase();
    const client = new Client({ connectionString: url });
    await client.connect();
    try {
      // A late change of the schema waits for this one, which wants the same name.
      await client.query("BEGIN; CREATE TABLE budgets (id text)");
      const killed = start(url);
      const waiting =
        "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%budgets%' AND datname = current_database()";
      await expect.poll(() => server.query(url, waiting), { timeout: 20_000 }).toHaveLength(1);
      // Meanwhile it lives, and says what it waits for.
      const address = await killed.url(/database\.waiting_at/);
      expect((await fetch(`${address}/livez`)).status).toBe(200);
      const ready = await fetch(`${address}/readyz`);
      expect([ready.status, await ready.text()]).toEqual([503, expect.stringContaining("schema")]);
      killed.child.kill("SIGKILL");
      await killed.exit;
      await client.query("ROLLBACK");
    } finally {
      await client.end();
    }
    await expect.poll(() => tablesOf(url), { timeout: 10_000 }).toEqual([]);
    const next = start(url);
    await next.line(/platform\.started/);
    expect(await tablesOf(url)).toEqual(expect.arrayContaining(["users", "budgets", "usage_ledger"]));
  });

  test("of a newer version that this one cannot work on is refused by name, and nothing is changed", async () => {
    const url = await server.createDatabase();
    const first = start(url);
    await first.line(/platform\.started/);
    first.child.kill("SIGTERM");
    expect(await first.exit).toBe(0);
    await server.query(url, "INSERT INTO kysely_migration VALUES ('9999_later', '2030-01-01T00:00:00Z')");
    await server.query(url, "UPDATE schema_floor SET change = '9999_later'");
    const before = await tablesOf(url);
    const older = start(url);
    expect(await older.exit).toBe(1);
    expect(older.text()).toContain("9999_later");
    expect(await tablesOf(url)).toEqual(before);
  });
});
