import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createFakeUpstream, type FakeUpstream } from "../fakes/fake-upstream.ts";
import { postgresProgram, startPostgres } from "../services/postgres.ts";
import { at, chatBody, eventsOf } from "./http.ts";
import { as, rootKey, withRoot } from "./identity-calls.ts";
import { openAiIntegration, type Platform, startPlatform } from "./start-platform.ts";

const patience = { timeout: 60_000, interval: 50 };

const manage = (platform: Platform) => {
  const call = as(platform, rootKey);
  return {
    create: (body: object) => call("/api/v1/routes", { body }),
    update: (body: object) => call("/api/v1/routes", { method: "PUT", body }),
    remove: (model: string, version = "") =>
      call(
        `/api/v1/routes?model=${encodeURIComponent(model)}${version === "" ? "" : `&if_version=${version}`}`,
        { method: "DELETE" },
      ),
    show: async (model: string) =>
      at((await call(`/api/v1/routes/show?model=${encodeURIComponent(model)}`)).json, "route"),
    preview: (body: object) => call("/api/v1/routes/preview", { body }),
    chat: (model: string, more: object = {}) =>
      call("/v1/chat/completions", { body: chatBody(model, { ...more }) }),
    call,
  };
};

/** Where calls of a name are answered now. */
async function answererOf(platform: Platform, model: string): Promise<string | number | null> {
  const { status, headers } = await manage(platform).chat(model);
  return status === 200 ? headers.get("x-llmp-provider") : status;
}

describe("names that operators make", { timeout: 180_000 }, () => {
  let first: FakeUpstream;
  let second: FakeUpstream;
  let dataDirectory: string;
  let platform: Platform;
  const start = () =>
    startPlatform({
      dataDirectory,
      // Calls are served by other processes than the one that is told.
      env: { LLM_PLATFORM_SERVER__WORKERS: "2", LLM_PLATFORM_SERVER__FAST_LANE: "true" },
      config: {
        ...withRoot,
        integrations: [openAiIntegration("first", first.origin), openAiIntegration("second", second.origin)],
        routing: { aliases: { written: "first/tiny-chat" }, routes: [] },
      },
    });

  beforeAll(async () => {
    first = await createFakeUpstream({ dialect: "openai", tokenDelayMs: 20, chunks: 20 });
    second = await createFakeUpstream({ dialect: "openai" });
    dataDirectory = await mkdtemp(join(tmpdir(), "route-changes-"));
    platform = await start();
  });
  afterAll(async () => {
    await platform?.stop();
    await Promise.all([first?.stop(), second?.stop()]);
    await rm(dataDirectory, { recursive: true, force: true });
  });

  test("take calls in every worker, and calls in flight keep to their route when it changes", async () => {
    const { create, update, chat, show } = manage(platform);
    const made = await create({ model: "assistant", targets: [{ model: "first/tiny-chat" }] });
    expect(made.status, made.text).toBe(200);
    expect(at(made.json, "route")).toMatchObject({
      kind: "route",
      origin: "operator",
      setting: null,
      targets: [{ model: "first/tiny-chat", weight: 1 }],
      candidates: [{ target: "first/tiny-chat", share: 1, weight: 1 }],
      changed_at: expect.any(String),
    });
    await expect.poll(() => answererOf(platform, "assistant"), patience).toBe("first");
    const stream = chat("assistant", { stream: true });
    await first.nextRequest({ method: "POST" });
    expect((await update({ model: "assistant", targets: [{ model: "second/tiny-chat" }] })).status).toBe(200);
    const { headers, text } = await stream;
    expect(headers.get("x-llmp-provider")).toBe("first");
    expect(eventsOf(text).at(-1)).toBe("[DONE]");
    // Then every worker knows: none of many connections is answered the old way.
    const ofMany = async () =>
      new Set(await Promise.all(Array.from({ length: 16 }, () => answererOf(platform, "assistant"))));
    await expect.poll(ofMany, patience).toEqual(new Set(["second"]));
    expect(await show("assistant")).toMatchObject({ targets: [{ model: "second/tiny-chat", weight: 1 }] });
  });

  test("are changed by who has seen what they are, and are on record as before and after", async () => {
    const { create, update, remove, show, call } = manage(platform);
    await create({ model: "nick", alias_of: "assistant" });
    const seen = String(at(await show("nick"), "version"));
    const changed = await update({ model: "nick", alias_of: "second/tiny-chat", if_version: seen });
    expect(at(changed.json, "route", "alias_of")).toBe("second/tiny-chat");
    const late = await update({ model: "nick", alias_of: "first/tiny-chat", if_version: seen });
    expect(late.status).toBe(409);
    expect(late.text).toContain("was changed meanwhile");
    expect((await remove("nick", seen)).status).toBe(409);
    expect(await show("nick")).toMatchObject({ kind: "alias", alias_of: "second/tiny-chat" });
    const { json } = await call("/api/v1/audit?operation=routes.update&limit=1");
    expect(at(json, "records", "0")).toMatchObject({ target: { type: "route", name: "nick" } });

    const renamed = await update({ model: "nick", new_model: "nickname" });
    expect(at(renamed.json, "route")).toMatchObject({ model: "nickname", alias_of: "second/tiny-chat" });
    await expect.poll(() => answererOf(platform, "nick"), patience).toBe(404);
    await expect.poll(() => answererOf(platform, "nickname"), patience).toBe("second");
    expect((await remove("nickname", String(at(await show("nickname"), "version")))).status).toBe(200);
    await expect.poll(() => answererOf(platform, "nickname"), patience).toBe(404);
    expect((await remove("nickname")).status).toBe(404);
  });

  test("are refused where they could not work, each fault by its field, and nothing is changed", async () => {
    const { create, update, remove, preview, show } = manage(platform);
    const faults = async (answer: ReturnType<typeof create>) => {
      const { status, json } = await answer;
      expect(status).toBe(400);
      return at(json, "errors") ?? json;
    };
    const lost = { model: "nowhere/model" };
    const unknown = create({
      model: "bad",
      targets: [{ model: "first/tiny-chat" }, lost],
      fallbacks: ["no"],
    });
    const said = JSON.stringify(await faults(unknown));
    expect(said).toContain("/targets/1/model");
    expect(said).toContain("/fallbacks/0");
    const none = create({ model: "bad", targets: [{ model: "first/tiny-chat", weight: 0 }] });
    expect(JSON.stringify(await faults(none))).toContain("weight above 0");
    expect(JSON.stringify(await faults(create({ model: "bad" })))).toContain("targets");
    expect(JSON.stringify(await faults(create({ model: " bad", alias_of: "written" })))).toContain("model");
    const both = create({ model: "bad", alias_of: "written", fallbacks: ["written"] });
    expect(JSON.stringify(await faults(both))).toContain("alias_of");
    await create({ model: "around", alias_of: "assistant" });
    const circle = update({ model: "assistant", fallbacks: ["around"] });
    expect(JSON.stringify(await faults(circle))).toContain("assistant → around → assistant");
    expect((await create({ model: "bad", alias_of: "written", weight: 1 })).text).toContain("weight");

    const taken = await create({ model: "around", alias_of: "written" });
    expect(taken.status).toBe(409);
    const files = await update({ model: "written", alias_of: "second/tiny-chat" });
    expect(files.status).toBe(409);
    expect(files.text).toContain("routing.aliases");
    const needed = await remove("assistant");
    expect(needed.status).toBe(409);
    expect(needed.text).toContain("`around`");
    expect((await update({ model: "assistant", new_model: "helper" })).status).toBe(409);
    expect(await show("bad")).toBeUndefined();

    const draft = {
      model: "assistant",
      targets: [{ model: "first/tiny-chat" }, { model: "second/tiny-chat", weight: 3 }],
    };
    const previewed = await preview(draft);
    expect(previewed.json).toMatchObject({ candidates: [{ share: 0.25 }, { share: 0.75 }] });
    expect(await show("assistant")).toMatchObject({ targets: [{ model: "second/tiny-chat" }] });
    expect((await remove("around")).status).toBe(200);
  });

  test("are there after a restart", async () => {
    await platform.stop();
    platform = await start();
    await expect.poll(() => answererOf(platform, "assistant"), patience).toBe("second");
    expect(await manage(platform).show("written")).toMatchObject({
      origin: "config",
      setting: "routing.aliases",
      version: null,
    });
  });
});

test.skipIf(postgresProgram === undefined)(
  "a name that is made on one replica takes calls on the other, and two that are made at once are one",
  async () => {
    const server = await startPostgres();
    const upstream = await createFakeUpstream({ dialect: "openai" });
    const url = await server.createDatabase();
    const env = {
      DATABASE_URL: url,
      LLM_PLATFORM_SECRETS__MASTER_KEY: Buffer.alloc(32, 7).toString("base64"),
    };
    const config = {
      ...withRoot,
      server: { drain_seconds: 0 },
      integrations: [openAiIntegration("first", upstream.origin)],
    };
    const one = await startPlatform({ config, env });
    const other = await startPlatform({ config, env });
    try {
      const body = { model: "shared", alias_of: "first/tiny-chat" };
      expect((await manage(one).create(body)).status).toBe(200);
      await expect.poll(() => answererOf(other, "shared"), patience).toBe("first");
      const version = String(at(await manage(other).show("shared"), "version"));
      const targets = [{ model: "first/tiny-chat" }];
      const answers = await Promise.all(
        [one, other].map((each) => manage(each).update({ model: "shared", targets, if_version: version })),
      );
      expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 409]);
      expect((await manage(other).remove("shared")).status).toBe(200);
      await expect.poll(() => answererOf(one, "shared"), patience).toBe(404);
    } finally {
      await Promise.all([one.stop(), other.stop()]);
      await upstream.stop();
      await server.stop();
    }
  },
  180_000,
);
