import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createFakeUpstream, type FakeUpstream } from "../fakes/fake-upstream.ts";
import { postgresProgram, startPostgres, type TestPostgres } from "../services/postgres.ts";
import { type Answer, ask, chatBody, eventsOf } from "./http.ts";
import { as, rootKey, withFake, withRoot } from "./identity-calls.ts";
import { type Platform, startPlatform } from "./start-platform.ts";

const masterKey = { LLM_PLATFORM_SECRETS__MASTER_KEY: Buffer.alloc(32, 7).toString("base64") };

describe.skipIf(postgresProgram === undefined)("two replicas on one PostgreSQL", () => {
  let server: TestPostgres;

  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.stop());

  describe("of which one gets another configuration of an integration", () => {
    let before: FakeUpstream;
    let after: FakeUpstream;
    let replicas: readonly [Platform, Platform];
    let url: string;
    const configure = (platform: Platform, body: object) =>
      as(platform, rootKey)("/integrations/fake/config", { method: "PUT", body });
    const call = (platform: Platform, more: Readonly<Record<string, unknown>> = {}): Promise<Answer> =>
      as(platform, rootKey)("/v1/chat/completions", { body: chatBody("fake/tiny-chat", more) });

    beforeAll(async () => {
      [before, after] = await Promise.all([
        createFakeUpstream({ dialect: "openai", tokenDelayMs: 50, chunks: 40 }),
        createFakeUpstream({ dialect: "openai" }),
      ]);
      url = await server.createDatabase();
      const start = () =>
        startPlatform({
          config: withFake(before.origin, { ...withRoot, server: { drain_seconds: 0 } }),
          env: { DATABASE_URL: url, ...masterKey },
        });
      replicas = await Promise.all([start(), start()]);
    });
    afterAll(async () => {
      await Promise.all(replicas.map((replica) => replica.stop()));
      await Promise.all([before.stop(), after.stop()]);
    });

    test("the other uses it within a second, and streams in flight there go on", async () => {
      const [one, other] = replicas;
      const stream = call(other, { stream: true });
      await before.nextRequest({ method: "POST" });
      const settings = { base_url: `${after.origin}/v1` };
      expect((await configure(one, { settings })).status).toBe(200);
      const changedAtMs = performance.now();
      const heard = after.nextRequest({ method: "POST" });
      const state = { isHeard: false };
      void heard.then(() => {
        state.isHeard = true;
      });
      while (!state.isHeard) {
        expect(performance.now() - changedAtMs).toBeLessThan(1_000);
        expect((await call(other, { max_tokens: 1 })).status).toBe(200);
      }
      const { status, text } = await stream;
      expect(status).toBe(200);
      expect(eventsOf(text).at(-1)).toBe("[DONE]");
      await other.logLine(/integration\.config_taken_over/);
      const audited = await server.query(
        url,
        "SELECT actor_name FROM audit_log WHERE operation = 'integrations.configure'",
      );
      // What was asked for and what became of it, both by the caller of the one replica.
      expect(audited).toEqual([{ actor_name: "root" }, { actor_name: "root" }]);
    });
  });

  test("make one first admin when both set-up tokens are used at the same instant", async () => {
    const url = await server.createDatabase();
    const start = () =>
      startPlatform({
        env: {
          LLM_PLATFORM_ENV: "production",
          LLM_PLATFORM_SERVER__DRAIN_SECONDS: "0",
          DATABASE_URL: url,
          ...masterKey,
        },
      });
    const replicas = await Promise.all([start(), start()]);
    const tokens = await Promise.all(replicas.map(tokenOf));
    const claim = (at: number, name: string) =>
      ask(replicas[at] ?? replicas[0], "/api/v1/setup", { body: { token: tokens[at], name } });
    const answers = await Promise.all([claim(0, "ada"), claim(1, "bob")]);
    const statuses = answers.map(({ status }) => status).toSorted((one, other) => one - other);
    // Who comes when it is known already that there is a user needs a key.
    expect([
      [200, 401],
      [200, 409],
    ]).toContainEqual(statuses);
    expect(await server.query(url, "SELECT role FROM users")).toEqual([{ role: "admin" }]);
    expect(await server.query(url, "SELECT name FROM api_keys")).toHaveLength(1);
    for (const at of [0, 1]) expect((await claim(at, "eve")).status).toBe(409);
    await Promise.all(replicas.map((replica) => replica.stop()));
  });

  test("make one first user where none is needed yet", async () => {
    const url = await server.createDatabase();
    const start = () => startPlatform({ env: { DATABASE_URL: url, ...masterKey } });
    const replicas = await Promise.all([start(), start()]);
    const answers = await Promise.all(
      replicas.map((replica, at) =>
        ask(replica, "/api/v1/users", { body: { name: `first-${at}`, role: "admin" } }),
      ),
    );
    const statuses = answers.map(({ status }) => status).toSorted((one, other) => one - other);
    // Who comes when it is known already that there is a user needs a key.
    expect([
      [200, 401],
      [200, 409],
    ]).toContainEqual(statuses);
    expect(await server.query(url, "SELECT role FROM users")).toEqual([{ role: "admin" }]);
    await Promise.all(replicas.map((replica) => replica.stop()));
  });
});

async function tokenOf(platform: Platform): Promise<string> {
  return /llmps_[\w-]{43}/.exec(await platform.logLine(/llmps_/))?.[0] ?? "";
}
