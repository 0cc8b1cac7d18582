import { randomBytes } from "node:crypto";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createFakeUpstream, type FakeUpstream } from "../fakes/fake-upstream.ts";
import { postgresProgram, startPostgres, type TestPostgres } from "../services/postgres.ts";
import { redisServer, startRedis, type TestRedis } from "../services/redis.ts";
import { ask, member } from "./http.ts";
import { as, createKey, createUser, rootKey, withFake, withRoot } from "./identity-calls.ts";
import { type Platform, startPlatform } from "./start-platform.ts";
import {
  chatStart,
  connectSocket,
  type Frame,
  NotLetIn,
  type TestSocket,
  untilServed,
} from "./websocket-client.ts";

/** Wanted are 500; a machine that runs other tests takes its time. */
const withinMs = Number(process.env["EVENT_WITHIN_MS"] ?? 3_000);

const asRoot = { headers: { authorization: `Bearer ${rootKey}` } };

let upstream: FakeUpstream;
let redis: TestRedis;

beforeAll(async () => {
  upstream = await createFakeUpstream({ dialect: "openai" });
});
afterAll(() => upstream.stop());

function restart(platform: Platform): Promise<unknown> {
  return ask(platform, "/integrations/fake/restart", { ...asRoot, method: "POST" });
}

async function startTwo(env: Readonly<Record<string, string>>): Promise<readonly [Platform, Platform]> {
  const start = () =>
    startPlatform({
      config: withFake(upstream.origin, { ...withRoot, server: { drain_seconds: 0 } }),
      env: { REDIS_URL: redis.url, ...env },
    });
  const two = await Promise.all([start(), start()]);
  for (const each of two) {
    await each.logLine(/"replicas":2,"event":"replicas.changed"/);
    await untilServed(each, "fake/tiny-chat", rootKey);
  }
  return two;
}

async function ticketOf(platform: Platform): Promise<string> {
  return String(member((await as(platform, rootKey)("/api/v1/auth/tickets", { body: {} })).json, "ticket"));
}

/** A ticket of one replica opens one connection at the other, and no second at either. */
async function expectOneUse(one: Platform, other: Platform): Promise<void> {
  const path = `/ws?ticket=${await ticketOf(one)}`;
  const both = await Promise.allSettled([connectSocket(other, path), connectSocket(one, path)]);
  expect(both.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
  await expect(connectSocket(other, path)).rejects.toBeInstanceOf(NotLetIn);
  for (const each of both) if (each.status === "fulfilled") await each.value.close();
}

/** The first new event of a restart, and how long it took from the restart's beginning to each socket. */
async function hearRestart(platform: Platform, sockets: readonly TestSocket[]): Promise<void> {
  const before = sockets.map(({ frames }) => frames.length);
  const startedAtMs = performance.now();
  const restarting = restart(platform);
  await expect
    .poll(
      () =>
        sockets.map(({ frames }, at) =>
          frames.slice(before[at]).some(({ type }) => type === "integration.state_changed"),
        ),
      { interval: 5 },
    )
    .toEqual(sockets.map(() => true));
  expect(performance.now() - startedAtMs).toBeLessThan(withinMs);
  await restarting;
}

describe.skipIf(redisServer === undefined)("two replicas with one Redis and a database each", () => {
  let two: readonly [Platform, Platform];

  beforeEach(async () => {
    redis = await startRedis();
    two = await startTwo({});
  });
  afterEach(async () => {
    await Promise.all(two.map((each) => each.stop()));
    await redis.stop();
  });

  test("an event of one reaches the sockets of the other within half a second, and says whose it is", async () => {
    const [one, other] = two;
    const events = await connectSocket(other, "/ws/events", asRoot);
    const models = await connectSocket(other, "/ws/models", asRoot);
    await models.next("snapshot");
    await hearRestart(one, [events, models]);
    const far = await events.next("integration.state_changed");
    expect(far).not.toHaveProperty("item_id");
    expect(far.data["replica"]).toMatch(/^[0-9a-f-]{36}$/);
    for (const each of [events, models]) await each.close();
  });

  test("an id of one is a gap at the other, and a session of one is not known there", async () => {
    const [one, other] = two;
    const events = await connectSocket(one, "/ws/events?after_id=0", asRoot);
    const { item_id } = await events.next("integration.state_changed");
    const elsewhere = await connectSocket(other, `/ws/events?after_id=${item_id}`, asRoot);
    expect((await elsewhere.next("feed.gap")).data["reason"]).toContain("another replica");
    elsewhere.send({ type: "session.resume", data: { session: events.session, last_seq: 1 } });
    expect((await elsewhere.next("error")).data["error"]).toMatchObject({ code: "not_found" });
    for (const each of [events, elsewhere]) await each.close();
  });

  test("a ticket of one opens one connection at either, also while Redis is away where it was got", async () => {
    const [one, other] = two;
    await expectOneUse(one, other);
    await redis.kill();
    await one.logLine(/"event":"redis\.away"/);
    const socket = await connectSocket(one, `/ws?ticket=${await ticketOf(one)}`);
    await socket.close();
  });
});

describe.skipIf(redisServer === undefined || postgresProgram === undefined)(
  "two replicas with one Redis and one PostgreSQL",
  () => {
    let server: TestPostgres;
    let two: readonly [Platform, Platform];

    beforeAll(async () => {
      server = await startPostgres();
    });
    afterAll(() => server.stop());
    beforeEach(async () => {
      redis = await startRedis();
      two = await startTwo({
        DATABASE_URL: await server.createDatabase(),
        LLM_PLATFORM_SECRETS__MASTER_KEY: randomBytes(32).toString("base64"),
      });
    });
    afterEach(async () => {
      await Promise.all(two.map((each) => each.stop()));
      await redis.stop();
    });

    test("no event with an id is lost by a client that goes on at the other when its replica is killed", async () => {
      const [one, other] = two;
      const before = await connectSocket(one, "/ws/events", asRoot);
      const all = await connectSocket(other, "/ws/events", asRoot);
      await hearRestart(other, [before, all]);
      await restart(other);
      // In the midst of more of them.
      const restarting = restart(other);
      one.kill("SIGKILL");
      await before.closed;
      await restarting;
      await restart(other);
      const lastId = before.frames.findLast(({ item_id }) => item_id !== undefined)?.item_id;
      const after = await connectSocket(other, `/ws/events?after_id=${lastId}`, asRoot);
      const idsOf = (frames: readonly Frame[]) => frames.flatMap(({ item_id }) => item_id ?? []);
      await restart(other);
      // Both begin "from now", and one of them a little later than the other: what both have heard of counts.
      const fromId = Math.max(Number(idsOf(before.frames)[0]), Number(idsOf(all.frames)[0]));
      const since = (ids: readonly string[]) => ids.filter((id) => Number(id) >= fromId);
      const told = () => since([...idsOf(before.frames), ...idsOf(after.frames)]);
      await expect
        .poll(() => [told().join(), since(idsOf(all.frames)).join()], { timeout: 10_000 })
        .toSatisfy(([one, other]) => one === other);
      expect(told().length).toBeGreaterThanOrEqual(10);
      expect(after.frames.some(({ type }) => type === "feed.gap")).toBe(false);
      for (const each of [after, all]) await each.close();
    });

    test("a ticket of one opens one connection at either", async () => {
      const [one, other] = two;
      await expectOneUse(one, other);
    });

    test("a key that is revoked at one has its connections at the other ended within a second", async () => {
      const [one, other] = two;
      await createUser(one, rootKey, { name: "first", role: "admin" });
      const { id, key } = await createKey(one, rootKey, { name: "k", scopes: ["inference.call"] });
      const socket = await connectSocket(other, "/ws/chat", { headers: { authorization: `Bearer ${key}` } });
      upstream.script({ kind: "stream", chunks: 1_000, intervalMs: 20 });
      socket.send(chatStart("c", "fake/tiny-chat"));
      await socket.next("chat.delta", "c");
      const revokedAtMs = performance.now();
      await ask(one, `/api/v1/keys/${id}`, { ...asRoot, method: "DELETE" });
      expect((await socket.closed).code).toBe(4401);
      expect(performance.now() - revokedAtMs).toBeLessThan(1_000);
    });
  },
);
