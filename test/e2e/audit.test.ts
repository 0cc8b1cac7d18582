import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { createFakeUpstream, type FakeUpstream } from "../fakes/fake-upstream.ts";
import { type Answer, ask, type Asking } from "./http.ts";
import { ollamaIntegration, openAiIntegration, type Platform, startPlatform } from "./start-platform.ts";
import { startWithWorkers } from "./worker-platform.ts";

const rootKey = "a-key-of-the-configuration-0123456789";
const canary = "CANARY-0123456789-abcdef";

let upstream: FakeUpstream;

beforeAll(async () => {
  upstream = await createFakeUpstream({ dialect: "openai" });
});
afterAll(() => upstream.stop());

function configOf() {
  return {
    integrations: [openAiIntegration("fake", upstream.origin, { api_key: `${canary}-first` })],
    auth: { api_keys: [{ name: "root", key: rootKey, role: "admin" }] },
  };
}

function asRoot(platform: Platform, path: string, asking: Asking = {}): Promise<Answer> {
  return ask(platform, path, { ...asking, headers: { authorization: `Bearer ${rootKey}` } });
}

const recordSchema = z.object({
  sequence: z.number(),
  time: z.iso.datetime(),
  actor: z.object({ id: z.string(), name: z.string(), kind: z.string(), user: z.string().nullable() }),
  address: z.string().nullable(),
  request_id: z.string(),
  operation: z.string(),
  target: z.object({ type: z.string(), id: z.string().nullable(), name: z.string().nullable() }).nullable(),
  outcome: z.string(),
  error_code: z.string().nullable(),
  before: z.unknown(),
  after: z.unknown(),
  hash: z.string(),
});
const page = z.object({ records: z.array(recordSchema), next_cursor: z.string().nullable() });

async function list(platform: Platform, query = ""): Promise<z.output<typeof page>["records"]> {
  return page.parse((await asRoot(platform, `/api/v1/audit${query}`)).json).records;
}

/** Refusals are put on record after they were answered: a change comes behind them. */
async function settle(platform: Platform): Promise<void> {
  expect((await asRoot(platform, "/api/v1/models/refresh", { body: {} })).status).toBe(200);
}

/** Everything that the server has written, but for the table in which settings are kept to be used again. */
function writtenText(platform: Platform): string {
  const folder = join(platform.dataDirectory, "audit");
  const files = readdirSync(folder).map((name) => readFileSync(join(folder, name), "utf8"));
  const database = new DatabaseSync(join(platform.dataDirectory, "platform.db"), { readOnly: true });
  try {
    const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all();
    const rows = tables
      .map(({ name }) => String(name))
      .filter((name) => name !== "key_values")
      .map((name) => JSON.stringify(database.prepare(`SELECT * FROM ${name}`).all()));
    expect(rows.length).toBeGreaterThan(5);
    return [...files, ...rows, platform.log()].join("\n");
  } finally {
    database.close();
  }
}

describe.each([
  ["one process", (config: object) => startPlatform({ config: { ...config } })],
  ["two workers", (config: object) => startWithWorkers({ ...config })],
])("the audit log of a server of %s", (_what, start) => {
  let platform: Platform;
  beforeAll(async () => {
    platform = await start(configOf());
  });
  afterAll(() => platform.stop());

  test("says who changed what of a user, from where, and how it was before", async () => {
    await asRoot(platform, "/api/v1/users", { body: { name: "ada", role: "admin" } });
    const made = await asRoot(platform, "/api/v1/users", {
      body: { name: "bob", role: "developer", with_key: true },
    });
    const { id, key } = z.object({ id: z.string(), key: z.string() }).parse(made.json);
    const changed = await asRoot(platform, `/api/v1/users/${id}`, {
      method: "PUT",
      body: { role: "viewer" },
    });
    expect(changed.status).toBe(200);
    const [end, start_] = await list(platform, `?target=${id}`);
    const facts = {
      actor: { id: "config:root", name: "root", kind: "api_key", user: null },
      address: "127.0.0.1",
      request_id: changed.requestId,
      operation: "users.update",
    };
    expect(start_).toMatchObject({ ...facts, outcome: "started", after: { id, role: "viewer" } });
    expect(end).toMatchObject({
      ...facts,
      target: { type: "user", id, name: "bob" },
      outcome: "ok",
      before: { name: "bob", role: "developer", is_active: true },
      after: { name: "bob", role: "viewer", is_active: true },
    });
    const [creation] = await list(platform, "?operation=users.create&limit=1");
    expect(creation).toMatchObject({ outcome: "ok", before: null, after: { id, key: "[secret]" } });
    expect(writtenText(platform)).not.toContain(key);
  });

  test("shows the settings of an integration without what is secret in them, or may be", async () => {
    const settings = {
      base_url: `${upstream.origin}/v1`,
      api_key: `${canary}-second`,
      headers: { "x-team": `${canary}-third` },
    };
    const path = "/integrations/fake/config";
    const good = await asRoot(platform, path, { method: "PUT", body: { settings, priority: 7 } });
    expect(good.status, good.text).toBe(200);
    const bad = await asRoot(platform, path, {
      method: "PUT",
      body: { settings: { ...settings, api_kye: `${canary}-fourth` } },
    });
    expect(bad.status).toBe(422);
    const [failed, , ok] = await list(platform, "?operation=integrations.configure");
    expect(ok).toMatchObject({
      outcome: "ok",
      target: { type: "integration", id: "fake", name: "fake" },
      before: { priority: 100, settings: { base_url: settings.base_url, api_key: "[secret]" } },
      after: {
        priority: 7,
        settings: { base_url: settings.base_url, api_key: "[secret]", headers: { "x-team": "[secret]" } },
      },
    });
    expect(failed).toMatchObject({ outcome: "failed", error_code: "config_invalid", after: null });
    expect(writtenText(platform)).toContain('"api_kye":"[not shown]"');
    const answers = ["/api/v1/audit?limit=1000", "/integrations/", "/integrations/events", "/metrics"];
    const texts = await Promise.all(answers.map(async (each) => (await asRoot(platform, each)).text));
    for (const text of [writtenText(platform), good.text, bad.text, ...texts])
      expect(text).not.toContain(canary);
  });

  test("has the refusals, and not more of them than somebody would read", async () => {
    const made = await asRoot(platform, "/api/v1/keys", { body: { name: "weak", role: "developer" } });
    const { id, key } = z.object({ id: z.string(), key: z.string() }).parse(made.json);
    const weak = { authorization: `Bearer ${key}` };
    expect((await ask(platform, "/api/v1/audit", { headers: weak })).status).toBe(403);
    expect((await ask(platform, "/api/v1/users", { headers: weak, body: { name: "x" } })).status).toBe(403);
    expect((await ask(platform, "/api/v1/users/none", { method: "DELETE" })).status).toBe(401);
    await settle(platform);
    const [, , deletion, creation, reading] = await list(platform, "?limit=5");
    expect(reading).toMatchObject({
      actor: { id, name: "weak" },
      operation: "audit.list",
      outcome: "refused",
      error_code: "forbidden",
    });
    expect(creation).toMatchObject({ actor: { id }, operation: "users.create", outcome: "refused" });
    expect(deletion).toMatchObject({
      actor: { kind: "anonymous" },
      address: "127.0.0.1",
      operation: "users.delete",
      outcome: "refused",
      error_code: "unauthenticated",
    });
    for (let count = 0; count < 200; count++) await ask(platform, "/api/v1/users");
    await settle(platform);
    expect((await list(platform, "?actor=anonymous&limit=1000")).length).toBeLessThan(100);
  });

  test("does not have what only reads, and gives what it has in pages", async () => {
    const before = await list(platform, "?limit=1000");
    await asRoot(platform, "/integrations/");
    await asRoot(platform, "/api/v1/audit/verify", { body: {} });
    expect(await list(platform, "?limit=1000")).toEqual(before);
    const first = page.parse((await asRoot(platform, "/api/v1/audit?limit=2")).json);
    const next = page.parse(
      (await asRoot(platform, `/api/v1/audit?limit=2&cursor=${first.next_cursor}`)).json,
    );
    expect([...first.records, ...next.records]).toEqual(before.slice(0, 4));
    const [newest] = before;
    expect((await asRoot(platform, "/api/v1/audit/head")).json).toEqual({
      chain: "",
      sequence: newest?.sequence,
      hash: newest?.hash,
    });
    expect(await list(platform, `?to=${before.at(-1)?.time ?? ""}`)).toEqual([]);
  });

  test("is verified while the server runs, also against a record that was noted elsewhere", async () => {
    const { records } = page.parse((await asRoot(platform, "/api/v1/audit?limit=1000")).json);
    const noted = records[3];
    const body = { sequence: noted?.sequence, hash: noted?.hash };
    expect((await asRoot(platform, "/api/v1/audit/verify", { body })).json).toMatchObject({
      ok: true,
      records: records.length,
      first_bad: null,
    });
    const other = { ...body, hash: records[4]?.hash };
    expect((await asRoot(platform, "/api/v1/audit/verify", { body: other })).json).toMatchObject({
      ok: false,
      first_bad: { sequence: noted?.sequence, reason: "replaced" },
    });
    const half = await asRoot(platform, "/api/v1/audit/verify", { body: { sequence: 1 } });
    expect(half.status).toBe(400);
  });
});

test("a pull has a beginning and an end, as it went", async () => {
  const fake = await createFakeUpstream({ dialect: "ollama" });
  const platform = await startPlatform({
    config: { integrations: [ollamaIntegration("ollama", fake.origin)] },
  });
  const pull = async (model: string) => (await ask(platform, "/local/ollama/pull", { body: { model } })).text;
  expect(await pull("tiny-new")).toContain('"success"');
  expect(await pull("missing")).toContain('"code":"model_not_found"');
  const { records } = page.parse((await ask(platform, "/api/v1/audit?operation=ollama.pull")).json);
  const target = (name: string) => ({ type: "model", id: null, name });
  expect(records).toMatchObject([
    { outcome: "failed", error_code: "model_not_found", target: target("missing") },
    { outcome: "started", target: target("missing") },
    { outcome: "ok", error_code: null, target: target("tiny-new"), actor: { kind: "local" } },
    { outcome: "started", target: target("tiny-new") },
  ]);
  await platform.stop();
  await fake.stop();
});
