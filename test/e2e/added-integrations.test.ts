import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createFakeUpstream, type FakeUpstream } from "../fakes/fake-upstream.ts";
import { postgresProgram, startPostgres, type TestPostgres } from "../services/postgres.ts";
import { chatBody, eventsOf, member } from "./http.ts";
import { as, rootKey, withFake, withRoot } from "./identity-calls.ts";
import { type Platform, startPlatform } from "./start-platform.ts";

const upstreamKey = "sk-of-the-upstream-CANARY-0123456789";
const patience = { timeout: 20_000, interval: 50 };

const stateOf = async (platform: Platform, name: string) => {
  const { json, status } = await as(platform, rootKey)(`/integrations/${name}/status`);
  return status === 404 ? "gone" : member(json, "state");
};
const chatWith = (platform: Platform, model: string, more: object = {}) =>
  as(platform, rootKey)("/v1/chat/completions", { body: chatBody(model, { ...more }) });
const added = (name: string, origin: string, settings: object = {}) => ({
  name,
  use: "openai-compatible",
  health_check_interval: 1,
  retry_config: { max_retries: 1, backoff_factor: 1, max_backoff: 1 },
  settings: { base_url: `${origin}/v1`, ...settings },
});

describe("an integration that is added over the API", { timeout: 120_000 }, () => {
  let written: FakeUpstream;
  let upstream: FakeUpstream;
  let platform: Platform;
  let dataDirectory: string;
  const call = (path: string, asking: object = {}) => as(platform, rootKey)(path, asking);
  const create = (body: object) => call("/integrations/", { body });
  const remove = (name: string) => call(`/integrations/${name}`, { method: "DELETE" });

  beforeAll(async () => {
    written = await createFakeUpstream({ dialect: "openai" });
    upstream = await createFakeUpstream({ dialect: "openai", apiKey: upstreamKey, models: ["other-chat"] });
    dataDirectory = await mkdtemp(join(tmpdir(), "added-integrations-"));
    platform = await startPlatform({ config: withFake(written.origin, withRoot), dataDirectory });
  });
  afterAll(async () => {
    await platform.stop();
    await Promise.all([written.stop(), upstream.stop()]);
    await rm(dataDirectory, { recursive: true, force: true });
  });

  test("is tried before: well with its models, refused, or not there, each with what to do", async () => {
    const settings = { base_url: `${upstream.origin}/v1`, api_key: upstreamKey };
    const tried = (more: object) =>
      call("/integrations/new-one/test", {
        body: { use: "openai-compatible", settings: { ...settings, ...more } },
      });
    expect((await tried({})).json).toMatchObject({
      status: "ok",
      remedy: null,
      models: ["other-chat"],
      model_count: 1,
      duration_ms: expect.any(Number),
    });
    expect((await tried({ api_key: "another" })).json).toMatchObject({
      status: "auth_required",
      remedy: expect.stringContaining("credential"),
      models: null,
    });
    const dead = await tried({ base_url: "http://127.0.0.1:9/v1" });
    expect(dead.json).toMatchObject({ status: "failed", remedy: expect.stringContaining("address") });
    expect(dead.text).not.toContain(upstreamKey);
    expect((await tried({ base_url: 7 })).status).toBe(422);
    expect(await stateOf(platform, "new-one")).toBe("gone");
    expect((await call("/integrations/fake/test", { body: { use: "ollama" } })).status).toBe(409);
  });

  test("takes calls at once, and its credential is shown to nobody", async () => {
    const made = await create(added("second", upstream.origin, { api_key: upstreamKey }));
    expect(made.status, made.text).toBe(200);
    expect(made.json).toMatchObject({ name: "second", state: "running" });
    await expect.poll(async () => (await chatWith(platform, "second/other-chat")).status, patience).toBe(200);
    const { json, text } = await call("/integrations/second/config");
    expect(json).toMatchObject({ origin: "added", settings: { api_key: "[secret]" } });
    expect((await call("/integrations/fake/config")).json).toMatchObject({ origin: "configuration" });
    const audit = await call("/api/v1/audit?limit=50");
    expect(audit.text).toContain("integrations.create");
    expect(text + audit.text + platform.log()).not.toContain(upstreamKey);
  });

  test("is there after a restart as it was configured last, and once removed never again", async () => {
    const dataDirectory = await mkdtemp(join(tmpdir(), "added-integrations-"));
    const start = () => startPlatform({ config: withFake(written.origin, withRoot), dataDirectory });
    try {
      const first = await start();
      const body = added("kept", upstream.origin, { api_key: upstreamKey });
      expect((await as(first, rootKey)("/integrations/", { body })).status).toBe(200);
      const put = { method: "PUT", body: { priority: 7 } };
      expect((await as(first, rootKey)("/integrations/kept/config", put)).status).toBe(200);
      await first.stop();
      const second = await start();
      await expect.poll(async () => (await chatWith(second, "kept/other-chat")).status, patience).toBe(200);
      const ask = as(second, rootKey);
      expect((await ask("/integrations/kept/config")).json).toMatchObject({ origin: "added", priority: 7 });
      expect((await ask("/integrations/kept", { method: "DELETE" })).status).toBe(200);
      // Of the one before nothing is left for the next of its name.
      expect((await ask("/integrations/", { body })).status).toBe(200);
      expect((await ask("/integrations/kept/config")).json).toMatchObject({ priority: 100 });
      expect((await ask("/integrations/kept", { method: "DELETE" })).status).toBe(200);
      await second.stop();
      const third = await start();
      expect(await stateOf(third, "kept")).toBe("gone");
      await third.stop();
    } finally {
      await rm(dataDirectory, { recursive: true, force: true });
    }
  });

  test("tells when its server is gone, and is well again by itself when that is back", async () => {
    upstream.refuse();
    await expect
      .poll(() => stateOf(platform, "second"), patience)
      .toSatisfy((state) => state === "degraded" || state === "retrying");
    await upstream.listenOn();
    await expect.poll(() => stateOf(platform, "second"), patience).toBe("running");
    await expect.poll(async () => (await chatWith(platform, "second/other-chat")).status, patience).toBe(200);
  });

  test("is refused under a name that is taken, with settings that do not fit, and as a part of the platform", async () => {
    expect((await create(added("second", upstream.origin))).status).toBe(409);
    expect((await create(added("fake", upstream.origin))).status).toBe(409);
    expect((await create({ ...added("a", upstream.origin), name: "no good" })).status).toBe(400);
    const unfit = await create({ ...added("a", upstream.origin), settings: { base_url: 7 } });
    expect(unfit.status).toBe(422);
    expect(unfit.text).toContain("settings.base_url");
    expect((await create({ name: "a", use: "rest-api" })).status).toBe(409);
    expect((await create({ name: "a", use: "no-such" })).status).toBe(422);
    expect((await create({ ...added("a", upstream.origin), dependencies: ["nobody"] })).status).toBe(422);
    expect(await stateOf(platform, "a")).toBe("gone");
  });

  test("is not removed while another depends on it, nor is one of the file", async () => {
    expect((await create({ ...added("third", upstream.origin), dependencies: ["second"] })).status).toBe(200);
    const kept = await remove("second");
    expect(kept.status).toBe(409);
    expect(kept.text).toContain("third");
    expect((await remove("fake")).status).toBe(409);
    expect((await remove("nobody")).status).toBe(404);
    expect((await remove("third")).status).toBe(200);
  });

  test("is removed with what it stored where that is asked for, and what names it is told", async () => {
    const folder = join(dataDirectory, "integrations", "named");
    expect((await create(added("named", upstream.origin, { api_key: upstreamKey }))).status).toBe(200);
    await expect.poll(async () => (await chatWith(platform, "named/other-chat")).status, patience).toBe(200);
    await writeFile(join(folder, "kept.txt"), "kept");
    await call("/api/v1/routes", { body: { model: "nick", alias_of: "named/other-chat" } });
    const budget = { name: "its money", scope: "integration", subject: "named", period: "day" };
    const made = await call("/api/v1/budgets", { body: { ...budget, amount_micros: 1 } });
    expect(made.status, made.text).toBe(200);
    const uses = { dependents: [], routes: ["nick"], budgets: ["its money"] };
    expect((await call("/integrations/named/uses")).json).toEqual({ name: "named", ...uses });
    expect((await remove("named")).json).toEqual({ name: "named", ...uses });
    expect(await readFile(join(folder, "kept.txt"), "utf8")).toBe("kept");
    expect((await create(added("named", upstream.origin, { api_key: upstreamKey }))).status).toBe(200);
    expect((await remove("named?data=remove")).status).toBe(200);
    await expect.poll(() => existsSync(folder), patience).toBe(false);
    expect((await remove("nobody?data=remove")).status).toBe(404);
  });

  test("is removed while a stream runs: that one ends whole, and no other begins", async () => {
    upstream.always({ kind: "stream", chunks: 40, intervalMs: 50 });
    const asked = upstream.nextRequest({ method: "POST", path: "/v1/chat/completions" });
    const stream = chatWith(platform, "second/other-chat", {
      stream: true,
      stream_options: { include_usage: true },
    });
    await asked;
    const removed = await remove("second");
    expect(removed.status, removed.text).toBe(200);
    expect(await stateOf(platform, "second")).toBe("gone");
    expect((await chatWith(platform, "second/other-chat")).status).toBe(404);
    const { status, text } = await stream;
    expect(status).toBe(200);
    expect(eventsOf(text).at(-1)).toBe("[DONE]");
    expect(text).toContain("w39");
    expect((await call("/metrics")).text).not.toMatch(/plugin_up\{[^}]*second/);
    await upstream.reset();
  });
});

describe.skipIf(postgresProgram === undefined)("two replicas on one PostgreSQL", { timeout: 120_000 }, () => {
  let server: TestPostgres;
  let upstream: FakeUpstream;
  let replicas: readonly [Platform, Platform];
  const env = { LLM_PLATFORM_SECRETS__MASTER_KEY: Buffer.alloc(32, 7).toString("base64") };

  beforeAll(async () => {
    server = await startPostgres();
    upstream = await createFakeUpstream({ dialect: "openai", models: ["other-chat"] });
    const DATABASE_URL = await server.createDatabase();
    const start = () =>
      startPlatform({
        config: { ...withRoot, server: { drain_seconds: 0 }, integrations: [] },
        env: { ...env, DATABASE_URL },
      });
    replicas = await Promise.all([start(), start()]);
  });
  afterAll(async () => {
    await Promise.all(replicas?.map((replica) => replica.stop()) ?? []);
    await upstream?.stop();
    await server?.stop();
  });

  test("both have what one of them adds, and neither what the other removes", async () => {
    const [one, other] = replicas;
    const made = await as(one, rootKey)("/integrations/", { body: added("shared", upstream.origin) });
    expect(made.status, made.text).toBe(200);
    await expect.poll(async () => (await chatWith(other, "shared/other-chat")).status, patience).toBe(200);
    const put = { method: "PUT", body: { priority: 9 } };
    expect((await as(other, rootKey)("/integrations/shared/config", put)).status).toBe(200);
    const priority = async () =>
      member((await as(one, rootKey)("/integrations/shared/config")).json, "priority");
    await expect.poll(priority, patience).toBe(9);
    // The same name at the same instant: one is added, the other is told.
    const both = await Promise.all(
      replicas.map((each) => as(each, rootKey)("/integrations/", { body: added("raced", upstream.origin) })),
    );
    expect(both.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 409]);
    for (const each of replicas) await expect.poll(() => stateOf(each, "raced"), patience).toBe("running");
    const removed = await as(other, rootKey)("/integrations/shared", { method: "DELETE" });
    expect(removed.status, removed.text).toBe(200);
    await expect.poll(() => stateOf(one, "shared"), patience).toBe("gone");
  });
});
