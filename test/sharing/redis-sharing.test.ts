import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Secret } from "@llm-platform/kit";
import { type Limit, type LimitDecision, noLimits } from "../../packages/server/src/core/limits.ts";
import { loneBus } from "../../packages/server/src/sharing/bus.ts";
import { createRedisLeadership } from "../../packages/server/src/sharing/redis-leadership.ts";
import { createRedisLink } from "../../packages/server/src/sharing/redis-link.ts";
import type { RedisSettings } from "../../packages/server/src/sharing/redis-settings.ts";
import { createRedisSharing, type Sharing } from "../../packages/server/src/sharing/sharing.ts";
import { makeCertificate } from "../../packages/server/src/wire/certificate.test-data.ts";
import { redisServer, startRedis, type TestRedis } from "../services/redis.ts";

const perMinute = 600;
const waitMs = 10_000;

let redis: TestRedis;
let running: Sharing[] = [];
let lines: string[] = [];
const told = (event: string, fields: unknown) => void lines.push(`${event} ${JSON.stringify(fields ?? {})}`);
const log = { debug: told, info: told, warn: told, error: told };

/** Long enough for a busy machine: what is counted here is not how long Redis takes. */
const patientMs = 1_000;

function settingsOf({ url = redis.url, certificateAuthorities, commandTimeoutMs = patientMs }: Begin = {}) {
  return {
    url: new Secret(url),
    username: undefined,
    password: undefined,
    database: undefined,
    certificateAuthorities,
    keyPrefix: "test:",
    commandTimeoutMs,
    connectTimeoutMs: 1_000,
  } satisfies RedisSettings;
}

type Begin = {
  readonly url?: string;
  readonly certificateAuthorities?: string;
  readonly commandTimeoutMs?: number;
};

function begin(replica: string, options?: Begin): Sharing {
  const sharing = createRedisSharing({
    settings: settingsOf(options),
    replica,
    log,
    random: Math.random,
    nowMs: () => performance.now(),
    onFailure: () => undefined,
    onDecision: () => undefined,
    onBudgetDecision: () => undefined,
    onExchange: () => undefined,
  });
  running.push(sharing);
  return sharing;
}

/** Two replicas that know of each other. */
async function beginTwo(options?: Begin): Promise<readonly [Sharing, Sharing]> {
  const [one, other] = [begin("one", options), begin("other", options)];
  for (const each of [one, other])
    await vi.waitFor(() => expect([each.redis?.isUp, each.redis?.replicas]).toEqual([true, 2]), waitMs);
  return [one, other];
}

function limitOf(id: string, values: Partial<Limit> = { requestsPerMinute: perMinute }): Limit {
  return { ...noLimits, scope: "key", id, ...values };
}

async function call(sharing: Sharing, limit: Limit): Promise<LimitDecision> {
  return sharing.limits.take({ limits: [limit], tokens: 0 }, performance.now());
}

type Burst = { readonly passed: number; readonly slowestMs: number };

/** Calls one after another, a turn between them: how many were let in, and how long the slowest waited to know. */
async function burst(sharing: Sharing, limit: Limit, calls: number): Promise<Burst> {
  let passed = 0;
  let slowestMs = 0;
  for (let each = 0; each < calls; each++) {
    const startMs = performance.now();
    const { hold } = await call(sharing, limit);
    slowestMs = Math.max(slowestMs, performance.now() - startMs);
    hold?.settle(0, performance.now());
    if (hold !== undefined) passed++;
    await new Promise((resolve) => setImmediate(resolve));
  }
  return { passed, slowestMs };
}

async function burstOf(sharings: readonly Sharing[], limit: Limit, calls: number): Promise<number> {
  const all = await Promise.all(sharings.map((each) => burst(each, limit, calls)));
  return all.reduce((sum, { passed }) => sum + passed, 0);
}

const isUp = (sharing: Sharing, wanted: boolean) =>
  vi.waitFor(() => expect(sharing.redis?.isUp).toBe(wanted), waitMs);

describe.skipIf(redisServer === undefined)("what replicas share by Redis", () => {
  beforeEach(async () => {
    lines = [];
    redis = await startRedis();
  });
  afterEach(async () => {
    for (const sharing of running) await sharing.stop();
    running = [];
    await redis.stop();
  });

  test("a limit lets through what it says over both, and what one replica does not use the other gets", async () => {
    const [one, other] = await beginTwo();
    const passed = await burstOf([one, other], limitOf("both"), 900);
    expect(passed).toBeLessThanOrEqual(perMinute);
    expect(passed).toBeGreaterThanOrEqual(perMinute * 0.97);
    expect((await burst(one, limitOf("half"), 200)).passed).toBe(200);
    // What lies unused at the one is given back within half a second, and is the other's then.
    const gained = { calls: 0 };
    await vi.waitFor(async () => {
      gained.calls += (await burst(other, limitOf("half"), 450)).passed;
      expect(200 + gained.calls).toBeGreaterThanOrEqual(perMinute * 0.97);
    }, waitMs);
    expect(200 + gained.calls).toBeLessThanOrEqual(perMinute);
  });

  test("calls at once are bounded over both, and those of a replica that is gone are free", async () => {
    const [one, other] = await beginTwo();
    const limit = limitOf("busy", { maxConcurrent: 3 });
    const first = await call(one, limit);
    const others = [await call(other, limit), await call(other, limit)];
    expect([first, ...others].filter(({ hold }) => hold === undefined)).toEqual([]);
    expect((await call(one, limit)).verdict.refusal).toMatchObject({ kind: "concurrent", limit: 3 });
    others[0]?.hold?.settle(0, performance.now());
    await vi.waitFor(async () => expect((await call(one, limit)).hold).toBeDefined(), waitMs);
    await other.stop();
    await vi.waitFor(async () => expect((await call(one, limit)).hold).toBeDefined(), waitMs);
    expect((await call(one, limit)).hold).toBeUndefined();
  });

  test("while Redis is frozen nobody waits longer than the deadline, and each keeps to its share", async () => {
    const [one, other] = await beginTwo({ commandTimeoutMs: 25 });
    expect(await burstOf([one, other], limitOf("frozen"), 50)).toBe(100);
    redis.freeze();
    const alone = await Promise.all([
      burst(one, limitOf("frozen"), 600),
      burst(other, limitOf("frozen"), 600),
    ]);
    for (const { passed, slowestMs } of alone) {
      // With the fifty from before.
      expect(passed).toBeGreaterThanOrEqual(perMinute / 2 - 50);
      expect(passed).toBeLessThanOrEqual(perMinute / 2 - 50 + 25);
      expect(slowestMs).toBeLessThan(200);
    }
    await isUp(one, false);
    redis.thaw();
    for (const each of [one, other]) await isUp(each, true);
    // What was let in meanwhile is told: nothing is left of the minute.
    await vi.waitFor(async () => {
      expect((await call(one, limitOf("frozen"))).verdict.requests?.remaining).toBe(0);
    }, waitMs);
    expect(await burstOf([one, other], limitOf("frozen"), 100)).toBeLessThanOrEqual(25);
    expect(lines.filter((line) => line.startsWith("redis.away")).length).toBeLessThanOrEqual(4);
  });

  test("a Redis that was killed is used again when it is back, and learns what was used", async () => {
    const [one, other] = await beginTwo();
    expect(await burstOf([one, other], limitOf("killed"), 200)).toBe(400);
    await redis.kill();
    await isUp(one, false);
    await isUp(other, false);
    const alone = await burstOf([one, other], limitOf("killed"), 400);
    expect(alone).toBeLessThanOrEqual(200);
    await redis.restart();
    for (const each of [one, other]) await isUp(each, true);
    await vi.waitFor(async () => {
      expect((await call(one, limitOf("killed"))).verdict.requests?.remaining).toBe(0);
    }, waitMs);
    const after = await burstOf([one, other], limitOf("killed"), 100);
    expect(400 + alone + after).toBeLessThanOrEqual(perMinute);
  });

  test("after FLUSHALL no more than one minute's worth is let in twice", async () => {
    const [one, other] = await beginTwo();
    const before = await burstOf([one, other], limitOf("flushed"), 400);
    await redis.client.flushall();
    const after = await burstOf([one, other], limitOf("flushed"), 900);
    expect(before + after).toBeLessThanOrEqual(2 * perMinute);
    await vi.waitFor(async () => {
      expect((await call(one, limitOf("flushed"))).verdict.requests?.remaining).toBe(0);
    }, waitMs);
  });

  test("without Redis a replica begins alone", async () => {
    await redis.kill();
    const alone = begin("alone");
    expect((await burst(alone, limitOf("alone"), 700)).passed).toBe(perMinute);
    await vi.waitFor(() => expect(lines.join("\n")).toContain("redis.away"), waitMs);
    expect(alone.leadership.isLeader).toBe(false);
    await redis.restart();
    await isUp(alone, true);
  });

  test("word of a change comes to all others and not back, and a gap is told", async () => {
    const [one, other] = await beginTwo();
    const heard: string[] = [];
    for (const [name, { bus }] of [["one", one] as const, ["other", other] as const]) {
      bus.subscribe("event", (data, replica) => heard.push(`${name} ${replica} ${String(data["what"])}`));
      bus.onGap(() => heard.push(`${name} gap`));
    }
    await vi.waitFor(async () => {
      expect(await redis.client.pubsub("NUMSUB", "test:bus")).toEqual(["test:bus", 2]);
    }, waitMs);
    await redis.client.publish("test:bus", "no message");
    await redis.client.publish(
      "test:bus",
      JSON.stringify({ version: 2, from: "x", topic: "event", data: {} }),
    );
    one.bus.publish("event", { what: "happened" });
    await vi.waitFor(() => expect(heard).toEqual(["other one happened"]), waitMs);
    one.bus.publish("event", { what: "x".repeat(70_000) });
    expect(lines.join("\n")).toContain("bus.message_too_long");
    await redis.restart();
    await vi.waitFor(() => expect(heard.filter((line) => line.endsWith("gap")).length).toBe(2), waitMs);
  });

  test("one of them leads, and another when it is gone, with a higher token", async () => {
    const [one, other] = await beginTwo();
    const leaders = () => [one, other].filter(({ leadership }) => leadership.isLeader);
    await vi.waitFor(() => expect(leaders().length).toBe(1), waitMs);
    const leader = leaders()[0];
    const token = leader?.leadership.fencingToken ?? 0;
    const changes: boolean[] = [];
    const next = leader === one ? other : one;
    next.leadership.onChange((isLeader) => changes.push(isLeader));
    expect(next.leadership.fencingToken).toBeUndefined();
    await leader?.stop();
    expect(leader?.leadership.isLeader).toBe(false);
    await vi.waitFor(() => expect(next.leadership.isLeader).toBe(true), waitMs);
    expect(next.leadership.fencingToken).toBeGreaterThan(token);
    expect(changes).toEqual([true]);
  });

  test("who resigns is replaced at once, and never leads again", async () => {
    const [one, other] = await beginTwo();
    const leaders = () => [one, other].filter(({ leadership }) => leadership.isLeader);
    await vi.waitFor(() => expect(leaders().length).toBe(1), waitMs);
    const [leader, next] = one.leadership.isLeader ? [one, other] : [other, one];
    // Both hear each other from here on.
    await vi.waitFor(async () => {
      expect(await redis.client.pubsub("NUMSUB", "test:bus")).toEqual(["test:bus", 2]);
    }, waitMs);
    const [resignedAtMs] = [performance.now(), await leader.leadership.resign()];
    await vi.waitFor(() => expect(next.leadership.isLeader).toBe(true), { timeout: 5_000, interval: 10 });
    // The next time that it asks by itself is two and a half seconds away at most, on average half of that.
    expect(performance.now() - resignedAtMs).toBeLessThan(1_000);
    await next.leadership.resign();
    await leader.stop();
    expect(leaders()).toEqual([]);
  });

  test("a leader that stood still for longer than its term knows that it is none before it has asked", async () => {
    const clock = { aheadMs: 0 };
    const nowMs = () => performance.now() + clock.aheadMs;
    const settings = settingsOf();
    const link = createRedisLink({ settings, log, random: Math.random, nowMs, onFailure: () => undefined });
    const lead = createRedisLeadership({
      replica: "frozen",
      keyPrefix: "test:",
      link,
      bus: loneBus,
      nowMs,
    });
    link.onConnected(() => void link.run((client) => client.ping(), { deadlineMs: 1_000, isProbe: true }));
    lead.start();
    link.start();
    await vi.waitFor(() => expect(lead.isLeader).toBe(true), waitMs);
    clock.aheadMs = 9_500;
    expect([lead.isLeader, lead.fencingToken]).toEqual([false, undefined]);
    await lead.resign();
    link.stop();
  });

  test("TLS with issuers of one's own, and nobody else's", async () => {
    const authority = makeCertificate({ subject: "authority" });
    const { cert, key } = makeCertificate({ subject: "redis", issuer: authority });
    const directory = await mkdtemp(join(tmpdir(), "llm-platform-redis-tls-"));
    await writeFile(join(directory, "cert.pem"), cert);
    await writeFile(join(directory, "key.pem"), key);
    const files = [
      "--tls-cert-file",
      join(directory, "cert.pem"),
      "--tls-key-file",
      join(directory, "key.pem"),
    ];
    const secured = await startRedis({ flags: [...files, "--tls-auth-clients", "no"], isTls: true });
    try {
      const trusting = begin("trusting", { url: secured.url, certificateAuthorities: authority.cert });
      await isUp(trusting, true);
      const strange = begin("strange", { url: secured.url });
      await vi.waitFor(() => expect(lines.join("\n")).toMatch(/redis\.away.*certificate/), waitMs);
      expect(strange.redis?.isUp).toBe(false);
    } finally {
      for (const sharing of running) await sharing.stop();
      await secured.stop();
      await rm(directory, { recursive: true });
    }
  });

  test("a password that is wrong is told without being shown", async () => {
    const locked = await startRedis({ flags: ["--requirepass", "right-secret"] });
    try {
      const right = begin("right", { url: `redis://:right-secret@127.0.0.1:${locked.port}/3` });
      await isUp(right, true);
      begin("wrong", { url: `redis://:wrong-secret@127.0.0.1:${locked.port}` });
      await vi.waitFor(() => expect(lines.join("\n")).toMatch(/redis\.away.*(WRONGPASS|NOAUTH)/), waitMs);
      expect(lines.join("\n")).not.toContain("secret");
      expect(await right.redis?.inspect()).toMatchObject({ mostBytes: 0, evictionPolicy: "noeviction" });
    } finally {
      for (const sharing of running) await sharing.stop();
      await locked.stop();
    }
  });
});
