import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createFakeUpstream, type FakeUpstream } from "../fakes/fake-upstream.ts";
import { postgresProgram, startPostgres, type TestPostgres } from "../services/postgres.ts";
import { redisServer, startRedis, type TestRedis } from "../services/redis.ts";
import { chatBody, eventsOf } from "./http.ts";
import { as, chatStatus, rootKey, withFake, withRoot } from "./identity-calls.ts";
import { type Platform, startPlatform } from "./start-platform.ts";

const isMissing = postgresProgram === undefined || redisServer === undefined;
const masterKey = { LLM_PLATFORM_SECRETS__MASTER_KEY: Buffer.alloc(32, 7).toString("base64") };

describe.skipIf(isMissing)("a replica that is told to stop", () => {
  let upstream: FakeUpstream;
  let postgres: TestPostgres;
  let redis: TestRedis;

  beforeAll(async () => {
    [upstream, postgres, redis] = await Promise.all([
      createFakeUpstream({ dialect: "openai", tokenDelayMs: 50, chunks: 60 }),
      startPostgres(),
      startRedis(),
    ]);
  });
  afterAll(() => Promise.all([upstream.stop(), postgres.stop(), redis.stop()]));

  async function figure(platform: Platform, name: string): Promise<number> {
    const { text } = await as(platform, rootKey)("/metrics");
    return Number(new RegExp(`^${name} (.*)$`, "m").exec(text)?.[1]);
  }

  test("hands the lead over at once, ends its calls, and leaves their records and its place behind", async () => {
    const url = await postgres.createDatabase();
    const start = () =>
      startPlatform({
        config: withFake(upstream.origin, { ...withRoot, server: { drain_seconds: 4 } }),
        env: { DATABASE_URL: url, REDIS_URL: redis.url, ...masterKey },
      });
    const both = await Promise.all([start(), start()]);
    for (const platform of both) await platform.logLine(/"replicas":2,"event":"replicas.changed"/);
    const leads = () => Promise.all(both.map((platform) => figure(platform, "llm_leader")));
    await expect.poll(async () => (await leads()).toSorted(), { timeout: 10_000 }).toEqual([0, 1]);
    const [first, second] = both;
    const [leader, next] = (await figure(first, "llm_leader")) === 1 ? [first, second] : [second, first];

    const short = { body: chatBody("fake/tiny-chat", { max_tokens: 1 }) };
    const quick = Array.from({ length: 20 }, () => as(leader, rootKey)("/v1/chat/completions", short));
    const stream = as(leader, rootKey)("/v1/chat/completions", {
      body: chatBody("fake/tiny-chat", { stream: true }),
    });
    for (let count = 0; count < 21; count++) await upstream.nextRequest({ method: "POST" });
    leader.kill("SIGTERM");
    const toldAtMs = performance.now();
    await expect.poll(() => figure(next, "llm_leader"), { timeout: 5_000, interval: 20 }).toBe(1);
    expect(performance.now() - toldAtMs).toBeLessThan(2_000);
    expect(await Promise.race([leader.exit, Promise.resolve("it still runs")])).toBe("it still runs");
    const { status, text } = await stream;
    expect([status, eventsOf(text).at(-1)]).toEqual([200, "[DONE]"]);
    expect(new Set((await Promise.all(quick)).map((answer) => answer.status))).toEqual(new Set([200]));
    expect(await leader.exit).toBe(0);

    const rows = await postgres.query(url, "SELECT outcome FROM usage_ledger");
    expect(rows).toHaveLength(21);
    expect(new Set(rows.map(({ outcome }) => outcome))).not.toContain("interrupted");
    await expect.poll(() => figure(next, "llm_replicas"), { timeout: 2_000, interval: 50 }).toBe(1);
    expect(await chatStatus(next, rootKey)).toBe(200);
    await next.stop();
  });
});
