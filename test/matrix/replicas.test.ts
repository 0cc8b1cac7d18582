import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { rootKey, withFake, withRoot } from "../e2e/identity-calls.ts";
import { type Platform, startPlatform } from "../e2e/start-platform.ts";
import { untilServed } from "../e2e/websocket-client.ts";
import { createFakeUpstream, type FakeUpstream } from "../fakes/fake-upstream.ts";
import { postgresProgram, startPostgres, type TestPostgres } from "../services/postgres.ts";
import { redisServer, startRedis, type TestRedis } from "../services/redis.ts";
import { createGraphqlScenario } from "./graphql-scenario.ts";
import { createGrpcScenario } from "./grpc-scenario.ts";
import { createRestScenario } from "./rest-scenario.ts";
import { createWebSocketScenario } from "./websocket-scenario.ts";

/** How soon an event of one replica has to be heard at the other. Wanted are 500; a machine that runs other tests takes its time. */
const withinMs = Number(process.env["EVENT_WITHIN_MS"] ?? 3_000);

describe.skipIf(postgresProgram === undefined || redisServer === undefined)("two replicas", () => {
  let upstream: FakeUpstream;
  let postgres: TestPostgres;
  let redis: TestRedis;
  let one: Platform;
  let other: Platform;

  beforeAll(async () => {
    upstream = await createFakeUpstream({ dialect: "openai" });
    postgres = await startPostgres();
    redis = await startRedis();
    const databaseUrl = await postgres.createDatabase();
    const masterKey = randomBytes(32).toString("base64");
    const start = () =>
      startPlatform({
        config: withFake(upstream.origin, withRoot),
        env: {
          REDIS_URL: redis.url,
          DATABASE_URL: databaseUrl,
          LLM_PLATFORM_SECRETS__MASTER_KEY: masterKey,
        },
      });
    one = await start();
    other = await start();
    for (const each of [one, other]) {
      await each.logLine(/"replicas":2,"event":"replicas.changed"/);
      await untilServed(each, "fake/tiny-chat", rootKey);
    }
  });

  afterAll(async () => {
    await Promise.all([one.stop(), other.stop()]);
    await redis.stop();
    await postgres.stop();
    await upstream.stop();
  });

  test.each([
    ["websocket", createWebSocketScenario],
    ["graphql", createGraphqlScenario],
    ["grpc", createGrpcScenario],
    ["rest", createRestScenario],
  ])("tell each other's events to who follows over %s", async (_name, create) => {
    const follower = await create(other, rootKey);
    const changer = createRestScenario(one, rootKey);
    const watch = await follower.watch("fake");
    // What it does first tells that it is followed.
    await changer.restart("fake");
    await expect.poll(() => watch.states).toContain("running");
    const before = watch.states.length;
    const startedAtMs = performance.now();
    const restarting = changer.restart("fake");
    await expect.poll(() => watch.states.length, { interval: 5 }).toBeGreaterThan(before);
    const heardAfterMs = performance.now() - startedAtMs;
    await restarting;
    expect(heardAfterMs).toBeLessThan(withinMs);
    await watch.stop();
    await follower.close();
  });
});
