import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createFakeUpstream, type FakeUpstream } from "../fakes/fake-upstream.ts";
import { type Nginx, nginxProgram, startNginx } from "../services/nginx.ts";
import { postgresProgram, startPostgres, type TestPostgres } from "../services/postgres.ts";
import { redisServer, startRedis, type TestRedis } from "../services/redis.ts";
import { ask, member } from "./http.ts";
import { openAiIntegration, type Platform, startPlatform } from "./start-platform.ts";
import { type Outcome, p99Ms, sendSteadily } from "./steady-load.ts";

/**
 * How long the database is gone. The long form, `REPLICAS_OUTAGE_SECONDS=60 npx vitest run test/e2e/cluster.test.ts` on a
 * quiet machine, also holds the latency beside a frozen Redis against its bound, and tells its figures.
 */
const outageSeconds = Number(process.env["REPLICAS_OUTAGE_SECONDS"] ?? 8);
const isLong = outageSeconds >= 60;

const rootKey = "root-key-0123456789";
const model = "fake/tiny-chat";
const isMissing = nginxProgram === undefined || postgresProgram === undefined || redisServer === undefined;

describe.skipIf(isMissing)("two replicas on PostgreSQL and Redis behind nginx", () => {
  let upstream: FakeUpstream;
  let postgres: TestPostgres;
  let redis: TestRedis;
  let database: string;
  let replicas: readonly [Platform, Platform];
  let nginx: Nginx;

  beforeAll(async () => {
    [upstream, postgres, redis] = await Promise.all([
      createFakeUpstream({ dialect: "openai" }),
      startPostgres(),
      startRedis(),
    ]);
    database = await postgres.createDatabase();
    replicas = await Promise.all([startReplica(), startReplica()]);
    nginx = await startNginx(replicas.map(({ port }) => port));
  });
  afterAll(async () => {
    await nginx.stop();
    await Promise.all(replicas.map((replica) => replica.stop()));
    await Promise.all([upstream.stop(), postgres.stop(), redis.stop()]);
  });

  function startReplica(): Promise<Platform> {
    return startPlatform({
      env: {
        DATABASE_URL: database,
        REDIS_URL: redis.url,
        LLM_PLATFORM_SECRETS__MASTER_KEY: Buffer.alloc(32, 7).toString("base64"),
      },
      config: {
        integrations: [openAiIntegration("fake", upstream.origin)],
        auth: { api_keys: [{ name: "root", key: rootKey, role: "admin" }] },
      },
    });
  }

  async function makeKey(name: string, requestsPerMinute?: number): Promise<{ id: string; key: string }> {
    const { json, text } = await ask(replicas[0], "/api/v1/keys", {
      body: { name, role: "developer", requests_per_minute: requestsPerMinute },
      headers: { authorization: `Bearer ${rootKey}` },
    });
    const [id, key] = [member(json, "id"), member(json, "key")];
    if (typeof id !== "string" || typeof key !== "string") throw new Error(text);
    return { id, key };
  }

  function send(key: string, perSecond: number, signal: AbortSignal, url = nginx.url) {
    return sendSteadily({ url, key, model, perSecond, signal });
  }

  const served = (outcomes: readonly Outcome[]) => outcomes.filter(({ status }) => status === 200);

  test("a limit of 600 a minute lets as much through as if there were one server", async () => {
    const { key } = await makeKey("limited", 600);
    const outcomes = await send(key, 40, AbortSignal.timeout(25_000));
    expect(outcomes.length).toBeGreaterThan(900);
    expect(new Set(outcomes.map(({ status }) => status))).toEqual(new Set([200, 429]));
    const count = served(outcomes).length;
    if (isLong) console.log(`limit of 600: ${count} of ${outcomes.length} calls were let through`);
    expect(count).toBeGreaterThanOrEqual(582);
    expect(count).toBeLessThanOrEqual(618);
  }, 60_000);

  test("a revoked key fails on both within a second", async () => {
    const { id, key } = await makeKey("revoked");
    const stop = new AbortController();
    const sending = replicas.map(({ url }) => send(key, 50, stop.signal, url));
    await sleep(1_000);
    await ask(replicas[0], `/api/v1/keys/${id}`, {
      method: "DELETE",
      headers: { authorization: `Bearer ${rootKey}` },
    });
    const revokedAtMs = performance.now();
    await sleep(2_000);
    stop.abort();
    for (const outcomes of await Promise.all(sending)) {
      const lastServedMs = Math.max(...served(outcomes).map(({ endedAtMs }) => endedAtMs)) - revokedAtMs;
      if (isLong) console.log(`revoked: the last call was served ${lastServedMs.toFixed(0)} ms after`);
      expect(lastServedMs).toBeLessThan(1_000);
      expect(outcomes.filter(({ status }) => status === 401).length).toBeGreaterThan(40);
      expect(new Set(outcomes.map(({ status }) => status))).toEqual(new Set([200, 401]));
    }
  });

  test("while Redis hangs calls go on, and limits stay within their share", async () => {
    const [open, limited] = [await makeKey("open"), await makeKey("shared", 120)];
    const before = await send(open.key, 100, AbortSignal.timeout(3_000));
    redis.freeze();
    const [during, bounded] = await Promise.all([
      send(open.key, 100, AbortSignal.timeout(6_000)),
      send(limited.key, 50, AbortSignal.timeout(6_000)),
    ]).finally(() => redis.thaw());
    expect(served(during)).toHaveLength(during.length);
    expect(new Set(bounded.map(({ status }) => status))).toEqual(new Set([200, 429]));
    const count = served(bounded).length;
    const addedMs = p99Ms([...during, ...bounded]) - p99Ms(before);
    if (isLong) {
      console.log(`frozen Redis: p99 ${addedMs.toFixed(1)} ms more; limit of 120: ${count} were let through`);
      expect(addedMs).toBeLessThan(50);
    }
    expect(count).toBeLessThanOrEqual(124);
    expect(count).toBeGreaterThanOrEqual(100);
    for (const { tookMs } of [...during, ...bounded]) expect(tookMs).toBeLessThan(5_000);
  }, 60_000);

  test("while the database is gone no call fails, and afterwards each has exactly one row", async () => {
    const { key } = await makeKey("through");
    const stop = new AbortController();
    const sending = send(key, 100, stop.signal);
    await sleep(1_000);
    await postgres.halt("kill");
    await sleep(outageSeconds * 1_000);
    await postgres.resume();
    await sleep(2_000);
    stop.abort();
    const outcomes = await sending;
    expect(outcomes.filter(({ status }) => status !== 200)).toEqual([]);
    const rows = await untilRows(outcomes.length);
    if (isLong)
      console.log(`database gone ${outageSeconds} s: ${outcomes.length} calls, ${rows.length} rows`);
    expect(rows.toSorted()).toEqual(outcomes.map(({ requestId }) => `${requestId}.1`).toSorted());
  }, 180_000);

  /** The attempts of the last key, when so many are there; a moment later, so that one too many would be seen. */
  async function untilRows(count: number): Promise<readonly string[]> {
    const sql = "SELECT attempt_id FROM usage_ledger WHERE principal = 'through'";
    const untilMs = performance.now() + 30_000;
    for (;;) {
      const rows = await postgres.query(database, sql);
      if (rows.length >= count || performance.now() > untilMs) break;
      await sleep(200);
    }
    await sleep(1_000);
    return (await postgres.query(database, sql)).map((row) => String(row["attempt_id"]));
  }
});
