import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { createFakeUpstream, type FakeUpstream } from "../fakes/fake-upstream.ts";
import { postgresProgram, startPostgres, type TestPostgres } from "../services/postgres.ts";
import { runLlmp } from "./cli-process.ts";
import { ask, member } from "./http.ts";
import { as, chatStatus, createKey, createUser, rootKey, withFake, withRoot } from "./identity-calls.ts";
import { spawnServer } from "./spawn-server.ts";
import { type Platform, startPlatform } from "./start-platform.ts";

describe.skipIf(postgresProgram === undefined)("a platform on PostgreSQL", () => {
  const secrets = { LLM_PLATFORM_SECRETS__MASTER_KEY: randomBytes(32).toString("base64") };
  let server: TestPostgres;
  let upstream: FakeUpstream;

  beforeAll(async () => {
    [server, upstream] = await Promise.all([startPostgres(), createFakeUpstream({ dialect: "openai" })]);
  });
  afterAll(() => Promise.all([server.stop(), upstream.stop()]));

  const startOn = (url: string) =>
    startPlatform({
      config: withFake(upstream.origin, { ...withRoot, server: { drain_seconds: 0 } }),
      env: { DATABASE_URL: url, ...secrets },
    });
  const ledgerOf = (url: string) =>
    server.query(url, "SELECT attempt_id, outcome FROM usage_ledger ORDER BY id") as Promise<
      readonly { readonly attempt_id: string; readonly outcome: string }[]
    >;

  test("keeps keys, usage, changes and the audit log there, over a restart", async () => {
    const url = await server.createDatabase();
    const first = await startOn(url);
    const { key } = await createKey(first, rootKey, { name: "laptop" });
    for (let count = 0; count < 5; count++) expect(await chatStatus(first, key)).toBe(200);
    await expect.poll(async () => (await ledgerOf(url)).length, { timeout: 5_000 }).toBe(5);
    const usage = await as(first, rootKey)("/api/v1/usage?range=24h");
    expect(usage.json).toMatchObject({ usage: [{ attempts: 5, calls: 5 }], records_behind: 0 });
    const body = { priority: 7 };
    expect((await as(first, rootKey)("/integrations/fake/config", { method: "PUT", body })).status).toBe(200);
    expect((await as(first, rootKey)("/api/v1/backups", { body: {} })).json).toMatchObject({
      status: 409,
      detail: expect.stringContaining("pg_dump"),
    });
    await first.stop();
    const second = await startOn(url);
    expect(await chatStatus(second, key)).toBe(200);
    expect((await as(second, rootKey)("/integrations/fake/status")).json).toMatchObject({ priority: 7 });
    expect((await as(second, rootKey)("/integrations/postgres/status")).json).toMatchObject({
      type: "service",
      state: "running",
    });
    expect((await as(second, rootKey)("/integrations/postgres/restart", { method: "POST" })).status).toBe(
      200,
    );
    expect(await chatStatus(second, key)).toBe(200);
    const metrics = (await as(second, rootKey)("/metrics")).text;
    expect(metrics).toMatch(/llm_integration_postgres_database_bytes\{integration="postgres"\} [1-9]/);
    const verdict = await runLlmp(["audit", "verify"], {
      env: { LLM_PLATFORM_URL: second.url, LLM_PLATFORM_API_KEY: rootKey },
    });
    expect(verdict.stdout).toMatch(/^ok: \d+ records \(database \d+, file \d+\), head [0-9a-f]{16}:/);
    expect(verdict.stdout).toMatch(/ok: \d+ records of chain [0-9a-f]{16}/);
    for (const platform of [first, second]) expect(platform.log()).not.toContain(new URL(url).password);
    await second.stop();
  });

  test("ends a key, a user and a login on every replica within a second", async () => {
    const url = await server.createDatabase();
    const [one, other] = await Promise.all([startOn(url), startOn(url)]);
    const made = await createKey(one, rootKey, { name: "laptop" });
    await createUser(one, rootKey, { name: "eve", role: "admin" });
    const user = await createUser(one, rootKey, { name: "ada", role: "developer" });
    const userKey = (await createKey(one, rootKey, { name: "hers", owner: user.id })).key;
    for (const key of [made.key, userKey]) expect(await chatStatus(other, key)).toBe(200);
    await as(one, rootKey)(`/api/v1/keys/${made.id}`, { method: "DELETE" });
    expect(await refusedAfterMs(other, made.key)).toBeLessThan(1_000);
    await as(one, rootKey)(`/api/v1/users/${user.id}`, { method: "DELETE" });
    expect(await refusedAfterMs(other, userKey)).toBeLessThan(1_000);
    const password = "correct horse battery staple";
    const bob = await createUser(one, rootKey, { name: "bob", role: "admin" });
    await as(one, rootKey)(`/api/v1/users/${bob.id}/password`, { method: "PUT", body: { password } });
    const login = await ask(one, "/api/v1/auth/login", { body: { name: "bob", password } });
    const token = String(member(login.json, "access_token"));
    expect((await as(other, token)("/api/v1/users")).status).toBe(200);
    await as(other, rootKey)(`/api/v1/users/${bob.id}`, { method: "PUT", body: { role: "viewer" } });
    const startedAtMs = performance.now();
    while ((await as(one, token)("/api/v1/users", { body: { name: "x" } })).status !== 403) await sleep(10);
    expect(performance.now() - startedAtMs).toBeLessThan(1_000);
    await Promise.all([one.stop(), other.stop()]);
  });

  test("answers every call while the database is gone, and has each once in the ledger afterwards", async () => {
    const url = await server.createDatabase();
    const platform = await startOn(url);
    const { key } = await createKey(platform, rootKey, { name: "laptop" });
    expect(await chatStatus(platform, key)).toBe(200);
    const statuses: number[] = [200];
    const state = { isOver: false };
    const callers = Array.from({ length: 4 }, async () => {
      while (!state.isOver) {
        statuses.push(await chatStatus(platform, key).catch(() => 0));
        await sleep(5);
      }
    });
    onTestFinished(async () => {
      state.isOver = true;
      await server.resume();
    });
    await sleep(500);
    await server.halt("kill");
    await sleep(1_500);
    const user = { body: { name: "meanwhile", role: "admin" } };
    const startedAtMs = performance.now();
    expect((await as(platform, rootKey)("/api/v1/users", user)).status).toBe(503);
    expect(performance.now() - startedAtMs).toBeLessThan(3_000);
    expect((await ask(platform, "/readyz")).status).toBe(200);
    await sleep(1_500);
    await server.resume();
    await sleep(1_500);
    state.isOver = true;
    await Promise.all(callers);
    expect(new Set(statuses)).toEqual(new Set([200]));
    await expect.poll(async () => (await ledgerOf(url)).length, { timeout: 15_000 }).toBe(statuses.length);
    const rows = await ledgerOf(url);
    expect(new Set(rows.map(({ attempt_id }) => attempt_id)).size).toBe(statuses.length);
    const usage = await as(platform, rootKey)("/api/v1/usage?range=24h");
    expect(usage.json).toMatchObject({ usage: [{ attempts: statuses.length }] });
    expect((await as(platform, rootKey)("/api/v1/users", user)).status).toBe(200);
    expect((await as(platform, rootKey)("/api/v1/audit/verify", { body: {} })).json).toMatchObject({
      ok: true,
    });
    await platform.stop();
  });

  test("waits for a database that is not there yet, and says so", async () => {
    const url = await server.createDatabase();
    onTestFinished(() => server.resume());
    await server.halt("fast");
    const waiting = spawnServer({ DATABASE_URL: url, ...secrets });
    const address = /"url":"([^"]+)"/.exec(await waiting.line(/database\.waiting_at/))?.[1] ?? "";
    const ready = await fetch(`${address}/readyz`);
    expect([ready.status, await ready.text()]).toEqual([
      503,
      expect.stringContaining("waiting for the database"),
    ]);
    expect((await fetch(`${address}/livez`)).status).toBe(200);
    expect((await fetch(`${address}/v1/models`)).status).toBe(503);
    await server.resume();
    const started = /"url":"([^"]+)"/.exec(await waiting.line(/platform\.started/))?.[1] ?? "";
    expect((await fetch(`${started}/readyz`)).status).toBe(200);
    waiting.child.kill("SIGTERM");
    expect(await waiting.exit).toBe(0);
  });

  test("ends in order when it is stopped while it waits", async () => {
    const url = await server.createDatabase();
    onTestFinished(() => server.resume());
    await server.halt("fast");
    const waiting = spawnServer({ DATABASE_URL: url, ...secrets });
    await waiting.line(/database\.waiting_at/);
    waiting.child.kill("SIGTERM");
    expect(await waiting.exit).toBe(0);
  });

  test.each([
    [
      "a wrong password",
      (url: string) => url.replace(/:[^:@/]+@/, ":wrong@"),
      "does not take the user's password",
    ],
    ["an unknown database", (url: string) => url.replace(/test_\d+$/, "nowhere"), "no database of that name"],
  ])("tells at once of %s", async (_name, spoil, message) => {
    const failing = spawnServer({ DATABASE_URL: spoil(await server.createDatabase()), ...secrets });
    expect(await failing.exit).toBe(2);
    expect(failing.text()).toContain(message);
    expect(failing.text()).not.toContain("wrong");
  });

  /** How long calls with a key go on until one is refused, in milliseconds. */
  async function refusedAfterMs(platform: Platform, key: string): Promise<number> {
    const startedAtMs = performance.now();
    while ((await chatStatus(platform, key)) !== 401) {
      if (performance.now() - startedAtMs > 5_000) throw new Error("the key still works after five seconds");
      await sleep(10);
    }
    return performance.now() - startedAtMs;
  }
});
