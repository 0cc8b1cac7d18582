import { hash } from "node:crypto";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { createFakeUpstream, type FakeUpstream } from "../fakes/fake-upstream.ts";
import { redisServer, startRedis, type TestRedis } from "../services/redis.ts";
import { type Answer, ask, chatBody, member } from "./http.ts";
import { setUps } from "./set-ups.ts";
import { openAiIntegration, type Platform, startPlatform } from "./start-platform.ts";

const keys = { team: "team-key-0123456789", root: "root-key-0123456789" };
const asRoot = { headers: { authorization: `Bearer ${keys.root}` } };
const perMinute = 600;
const waitMs = 15_000;

let openai: FakeUpstream;
let redis: TestRedis;

function start(
  limits: Readonly<Record<string, number>>,
  env: Readonly<Record<string, string>> = {},
): Promise<Platform> {
  return startPlatform({
    env: { REDIS_URL: redis.url, ...env },
    config: {
      integrations: [openAiIntegration("fake", openai.origin)],
      auth: {
        api_keys: [
          { name: "team", key_sha256: hash("sha256", keys.team), ...limits },
          { name: "root", key: keys.root, role: "admin" },
        ],
      },
    },
  });
}

/** Two replicas with data folders of their own, which share nothing but Redis and what their files say of keys. */
async function startTwo(
  limits: Readonly<Record<string, number>> = { requests_per_minute: perMinute },
  env?: Readonly<Record<string, string>>,
): Promise<readonly [Platform, Platform]> {
  const [one, other] = await Promise.all([start(limits, env), start(limits, env)]);
  for (const platform of [one, other]) await platform.logLine(/"replicas":2,"event":"replicas.changed"/);
  return [one, other];
}

function call(platform: Platform): Promise<Answer> {
  const headers = { authorization: `Bearer ${keys.team}` };
  return ask(platform, "/v1/chat/completions", { body: chatBody("fake/tiny-chat"), headers });
}

/** Calls from so many callers of each replica, each after its last was answered. Returns how many were served. */
async function load(
  platforms: readonly Platform[],
  { callers, calls }: { readonly callers: number; readonly calls: number },
): Promise<number> {
  let served = 0;
  const caller = async (platform: Platform) => {
    for (let each = 0; each < calls; each++) {
      const { status } = await call(platform);
      expect([200, 429]).toContain(status);
      if (status === 200) served++;
    }
  };
  await Promise.all(platforms.flatMap((platform) => Array.from({ length: callers }, () => caller(platform))));
  return served;
}

async function metric(platform: Platform, series: string): Promise<number> {
  const { text } = await ask(platform, "/metrics", asRoot);
  const line = text.split("\n").find((each) => each.startsWith(`${series} `));
  return Number(line?.slice(series.length + 1));
}

async function health(platform: Platform): Promise<unknown> {
  return (await ask(platform, "/integrations/redis/status", asRoot)).json;
}

describe.skipIf(redisServer === undefined)("two replicas with one Redis", () => {
  beforeAll(async () => {
    openai = await createFakeUpstream({ dialect: "openai" });
  });
  beforeEach(async () => {
    redis = await startRedis();
  });
  afterEach(() => redis.stop());
  afterAll(() => openai.stop());

  test.each(setUps)("600 calls a minute are 600 over both, over %s", async (_name, env) => {
    // A busy machine makes exchanges late, and what is late is decided without the other replica.
    const patient = { LLM_PLATFORM_REDIS__COMMAND_TIMEOUT_MS: "1000" };
    const replicas = await startTwo({ requests_per_minute: perMinute }, { ...env, ...patient });
    const served = await load(replicas, { callers: 4, calls: 110 });
    expect(served).toBeLessThanOrEqual(perMinute);
    expect(served).toBeGreaterThanOrEqual(perMinute * 0.97);
    for (const replica of replicas) {
      const { status, headers } = await call(replica);
      expect(status).toBe(429);
      expect(headers.get("x-ratelimit-limit-requests")).toBe("600");
      expect(headers.get("x-ratelimit-remaining-requests")).toBe("0");
      expect(Number(headers.get("retry-after"))).toBeGreaterThan(30);
      const asked = await metric(replica, 'llm_limit_decisions_total{by="exchange"}');
      expect(await metric(replica, 'llm_limit_decisions_total{by="lease"}')).toBeGreaterThan(asked);
    }
    for (const replica of replicas) await replica.stop();
  });

  test("with Redis frozen and then gone calls go on, within each replica's share, and shared counts come back", async () => {
    const [one, other] = await startTwo();
    const before = await load([one, other], { callers: 2, calls: 20 });
    expect(before).toBe(80);
    redis.freeze();
    const during = await load([one, other], { callers: 4, calls: 90 });
    expect(before + during).toBeGreaterThanOrEqual(perMinute * 0.97);
    expect(before + during).toBeLessThanOrEqual(perMinute * 1.03);
    expect((await call(one)).text).toContain("may make 600 calls a minute");
    expect(await metric(one, "llm_redis_up")).toBe(0);
    expect(await metric(one, 'llm_redis_failures_total{reason="timeout"}')).toBeGreaterThanOrEqual(5);
    expect((await ask(one, "/readyz")).status).toBe(200);
    await redis.restart();
    for (const replica of [one, other])
      await vi.waitFor(async () => expect(await metric(replica, "llm_redis_up")).toBe(1), waitMs);
    // Redis has forgotten everything, and is told by both what they let in.
    await vi.waitFor(async () => {
      expect((await call(one)).headers.get("x-ratelimit-remaining-requests")).toBe("0");
    }, waitMs);
    expect(await load([one, other], { callers: 2, calls: 10 })).toBe(0);
    for (const replica of [one, other]) {
      expect(replica.log().match(/"event":"redis\.away"/g)?.length).toBeLessThanOrEqual(2);
      await replica.stop();
    }
  });

  test("Redis stands among the integrations, and a restart connects anew", async () => {
    const [one, other] = await startTwo();
    await vi.waitFor(async () => expect(await health(one)).toMatchObject({ state: "running" }), waitMs);
    const { text } = await ask(one, "/integrations/redis/metrics", asRoot);
    expect(text).toContain("llm_integration_redis_ping_seconds");
    const clients = async () => String(await redis.client.client("LIST"));
    const idsBefore = (await clients()).match(/^id=\d+/gm);
    expect(
      (await ask(one, "/integrations/redis/restart", { ...asRoot, method: "POST" })).status,
    ).toBeLessThan(300);
    await vi.waitFor(async () => {
      const ids = (await clients()).match(/^id=\d+/gm);
      expect(ids).toHaveLength(idsBefore?.length ?? 0);
      expect(ids).not.toEqual(idsBefore);
    }, waitMs);
    await vi.waitFor(async () => expect(await metric(one, "llm_redis_up")).toBe(1), waitMs);
    await vi.waitFor(async () => {
      expect((await metric(one, "llm_leader")) + (await metric(other, "llm_leader"))).toBe(1);
    }, waitMs);
    for (const replica of [one, other]) await replica.stop();
  });

  test("events of one replica are heard on the other by who listens, with the replica they are of", async () => {
    const [one, other] = await startTwo();
    const { json } = await ask(other, "/integrations/events?limit=1000", asRoot);
    const lastId = Number(member(json, "next_after_id"));
    await vi.waitFor(async () => {
      expect(await redis.client.pubsub("NUMSUB", "llmp:bus")).toEqual(["llmp:bus", 2]);
    }, waitMs);
    const waiting = ask(
      other,
      `/integrations/events?after_id=${lastId}&integration=fake&wait_seconds=20`,
      asRoot,
    );
    const state = { isHeard: false };
    void waiting.then(() => {
      state.isHeard = true;
    });
    await vi.waitFor(async () => {
      await ask(one, "/integrations/fake/restart", { ...asRoot, method: "POST" });
      expect(state.isHeard).toBe(true);
    }, waitMs);
    const heard = (await waiting).json;
    expect(member(member(heard, "events"), "0")).toMatchObject({
      id: 0,
      integration: "fake",
      replica: expect.any(String),
    });
    expect(member(heard, "next_after_id")).toBe(lastId);
    for (const replica of [one, other]) await replica.stop();
  });

  test("without Redis at the start a replica serves, and joins when it is there", async () => {
    await redis.kill();
    const platform = await start({ requests_per_minute: perMinute });
    expect((await call(platform)).status).toBe(200);
    expect(await health(platform)).toMatchObject({ state: "degraded" });
    await redis.restart();
    await platform.logLine(/"event":"redis\.up"/);
    expect((await call(platform)).headers.get("x-ratelimit-remaining-requests")).toBe("598");
    await platform.stop();
  });
});
