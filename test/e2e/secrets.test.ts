import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { createFakeUpstream, type FakeUpstream } from "../fakes/fake-upstream.ts";
import { runLlmp } from "./cli-process.ts";
import { ask, type Asking, chatBody, expectRefusal } from "./http.ts";
import { openAiIntegration, type Platform, startPlatform } from "./start-platform.ts";
import { readyWorkers } from "./worker-platform.ts";

const canary = "sk-CANARY-7d1f0c9e-at-rest";
const rootKey = "a-key-of-the-configuration-0123456789";
const model = "fake/tiny-chat";

let upstream: FakeUpstream;
let root = "";

beforeAll(async () => {
  // Only who has the saved key can call it.
  upstream = await createFakeUpstream({ dialect: "openai", apiKey: canary });
});
afterAll(() => upstream.stop());
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "llm-platform-secrets-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const settings = (key: string) => ({ base_url: `${upstream.origin}/v1`, api_key: key });

function start(folder: string, env: Readonly<Record<string, string>> = {}): Promise<Platform> {
  return startPlatform({
    config: {
      auth: { api_keys: [{ name: "root", key: rootKey, role: "admin" }] },
      integrations: [openAiIntegration("fake", upstream.origin, { api_key: "the-key-of-the-file" })],
    },
    dataDirectory: join(root, folder),
    env,
  });
}

function as(platform: Platform, path: string, asking: Asking = {}) {
  return ask(platform, path, { ...asking, headers: { authorization: `Bearer ${rootKey}` } });
}

async function chatStatus(platform: Platform): Promise<number> {
  return (await as(platform, "/v1/chat/completions", { body: chatBody(model) })).status;
}

/** Gives the integration the credential that works. */
async function saveCanary(platform: Platform): Promise<void> {
  const body = { settings: settings(canary) };
  const answer = await as(platform, "/integrations/fake/config", { method: "PUT", body });
  expect(answer.status, answer.text).toBe(200);
  const refreshed = await as(platform, "/api/v1/models/refresh", { method: "POST", body: {} });
  expect(refreshed.status, refreshed.text).toBe(200);
  expect(await chatStatus(platform)).toBe(200);
}

const statusSchema = z.object({
  sealed: z.boolean(),
  source: z.string().nullable(),
  keys: z.array(z.object({ id: z.string(), state: z.string(), secrets: z.number() })),
});

async function status(platform: Platform): Promise<z.output<typeof statusSchema>> {
  return statusSchema.parse((await as(platform, "/api/v1/secrets/status")).json);
}

function llmp(platform: Platform, args: readonly string[], input = "") {
  return runLlmp(["secrets", ...args], {
    env: { LLM_PLATFORM_URL: platform.url, LLM_PLATFORM_API_KEY: rootKey },
    input,
  });
}

/** The files of the data folder that hold a text. */
function filesWith(text: string, folder: string): readonly string[] {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) =>
    statSync(join(folder, name)).isFile(),
  );
  return files.filter((name) => readFileSync(join(folder, name)).includes(text));
}

function sealedRows(folder: string): unknown[] {
  const database = new DatabaseSync(join(folder, "platform.db"), { readOnly: true });
  try {
    return database.prepare("SELECT * FROM secrets ORDER BY name").all();
  } finally {
    database.close();
  }
}

const keyOf = (folder: string) => readFileSync(join(root, folder, "master.key"), "utf8").trim();

test("a credential that was set over the API works after a restart, and stands in no file but under the key", async () => {
  const platform = await start("data");
  expect(statSync(join(root, "data", "master.key")).mode & 0o777).toBe(0o600);
  await saveCanary(platform);
  expect(filesWith(canary, join(root, "data"))).toEqual([]);
  expect(await status(platform)).toMatchObject({
    sealed: false,
    source: "file",
    keys: [{ state: "current", secrets: 1 }],
  });
  const key = keyOf("data");
  expect(await platform.stop()).toBe(0);
  expect(filesWith(canary, join(root, "data"))).toEqual([]);
  const again = await start("data");
  expect(await chatStatus(again)).toBe(200);
  for (const text of [canary, key]) {
    expect(platform.log() + again.log()).not.toContain(text);
    expect((await as(again, "/metrics")).text).not.toContain(text);
    expect((await as(again, "/integrations/")).text).not.toContain(text);
    expect((await as(again, "/integrations/events")).text).not.toContain(text);
  }
  expect(again.log()).not.toContain("secrets.key_beside_data");
  await again.stop();
});

describe.each([
  ["one process", { LLM_PLATFORM_SERVER__WORKERS: "0" }],
  ["workers", { LLM_PLATFORM_SERVER__WORKERS: "2", LLM_PLATFORM_SERVER__FAST_LANE: "true" }],
])("a database that was copied without its key, with %s", (_name, env) => {
  test("yields no secret, loses none, and works again once it is given the key", async () => {
    const first = await start("data", env);
    await saveCanary(first);
    await first.stop();
    const copy = join(root, "copy");
    cpSync(join(root, "data"), copy, { recursive: true, filter: (path) => !path.includes("master.key") });
    const rows = sealedRows(copy);

    const sealed = await start("copy", env);
    expect(await ask(sealed, "/livez")).toMatchObject({ status: 200, text: "ok" });
    for (const path of ["/readyz", "/healthz"])
      expect(await ask(sealed, path)).toMatchObject({ status: 503, text: "sealed" });
    const chat = await as(sealed, "/v1/chat/completions", { body: chatBody(model) });
    expectRefusal(chat, { status: 503, code: "sealed" });
    for (const path of ["/v1/models", "/metrics", "/nothing"])
      expectRefusal(await as(sealed, path), { status: 503, code: "sealed" });
    const put = await as(sealed, "/integrations/fake/config", { method: "PUT", body: { enabled: false } });
    expect(put).toMatchObject({ status: 503, json: { title: "sealed" } });
    for (const path of ["/integrations/", "/integrations", "/api/v1/system", "/api/v1/keys"])
      expect(await as(sealed, path)).toMatchObject({ status: 503, json: { title: "sealed" } });
    for (const path of ["unseal", "rotate"]) {
      const unknown = await ask(sealed, `/api/v1/secrets/${path}`, { body: { master_key: keyOf("data") } });
      expect(unknown.status).toBe(401);
    }
    expect(await as(sealed, "/api/v1/secrets/rotate", { body: {} })).toMatchObject({ status: 503 });
    const wrong = await as(sealed, "/api/v1/secrets/unseal", {
      body: { master_key: Buffer.alloc(32, 1).toString("hex") },
    });
    expect(wrong).toMatchObject({ status: 400, json: { errors: [{ pointer: "/master_key" }] } });
    expect(await status(sealed)).toMatchObject({ sealed: true, source: null, keys: [{ state: "missing" }] });
    expect(sealed.log()).not.toContain(canary);

    // A server that waits for its key can be stopped like any other.
    expect(await sealed.stop()).toBe(0);
    expect(existsSync(join(copy, "master.key"))).toBe(false);
    expect(filesWith(canary, copy)).toEqual([]);
    expect(sealedRows(copy)).toEqual(rows);

    const unsealed = await start("copy", env);
    const told = await llmp(unsealed, ["unseal"], `${keyOf("data")}\n`);
    expect(told, told.stderr).toMatchObject({ exitCode: 0, stderr: "" });
    expect(told.stdout).toMatch(/current +1 +unseal/);
    await unsealed.logLine(/"event":"platform\.started"/);
    expect(await ask(unsealed, "/readyz")).toMatchObject({ status: 200 });
    for (let count = 0; count < 6; count++) expect(await chatStatus(unsealed)).toBe(200);
    expect((await as(unsealed, "/integrations/")).status).toBe(200);
    const acts = (await as(unsealed, "/api/v1/audit")).text;
    expect(acts).toContain('"operation":"secrets.sealed"');
    expect(acts).toContain(`"missing_key_ids":[`);
    const twice = await as(unsealed, "/api/v1/secrets/unseal", { body: { master_key: keyOf("data") } });
    expect(twice.status).toBe(409);
    expect(await unsealed.stop()).toBe(0);
    expect(sealedRows(copy)).toEqual(rows);

    // So can one that has just been given it.
    const stopped = await start("copy", env);
    const given = await as(stopped, "/api/v1/secrets/unseal", { body: { master_key: keyOf("data") } });
    expect(given.status).toBe(200);
    expect(await stopped.stop()).toBe(0);
  });
});

test("the key is rotated while twenty callers call, and none of them notices", async () => {
  const platform = await start("data");
  await saveCanary(platform);
  const first = keyOf("data");
  const statuses: number[] = [];
  const state = { isOver: false };
  const callers = Array.from({ length: 20 }, async () => {
    while (!state.isOver) statuses.push(await chatStatus(platform));
  });
  const ids = new Set<string>();
  for (let round = 0; round < 10; round++) {
    const answer = await as(platform, "/api/v1/secrets/rotate", { body: {} });
    const { keys, sealed } = statusSchema.parse(answer.json);
    expect({ sealed, keys }).toMatchObject({ sealed: false, keys: [{ state: "current", secrets: 1 }] });
    ids.add(keys[0]?.id ?? "");
    // Settings are changed meanwhile as well.
    const body = { settings: settings(canary), priority: 100 + round };
    expect((await as(platform, "/integrations/fake/config", { method: "PUT", body })).status).toBe(200);
  }
  state.isOver = true;
  await Promise.all(callers);
  expect(statuses.length).toBeGreaterThan(100);
  expect(statuses.filter((each) => each !== 200)).toEqual([]);
  expect(ids.size).toBe(10);
  expect(await platform.stop()).toBe(0);
  expect(readdirSync(join(root, "data")).filter((name) => name.startsWith("master"))).toEqual(["master.key"]);

  const last = keyOf("data");
  writeFileSync(join(root, "data", "master.key"), first);
  const sealed = await start("data");
  expect(await ask(sealed, "/readyz")).toMatchObject({ status: 503, text: "sealed" });
  await sealed.stop();
  writeFileSync(join(root, "data", "master.key"), last);
  const again = await start("data");
  expect(await chatStatus(again)).toBe(200);
  await again.stop();
});

test("a server that is killed in the middle of rotations opens everything when it comes again", async () => {
  for (let kill = 0; kill < 6; kill++) {
    const platform = await start("data");
    if (kill === 0) await saveCanary(platform);
    expect(await chatStatus(platform)).toBe(200);
    const rotating = (async () => {
      for (;;) await as(platform, "/api/v1/secrets/rotate", { body: {} });
    })();
    setTimeout(() => platform.kill("SIGKILL"), 20 + kill * 17);
    await expect(rotating).rejects.toThrow();
    await platform.exit;
  }
  const last = await start("data");
  expect(await chatStatus(last)).toBe(200);
  expect(await status(last)).toMatchObject({ sealed: false, keys: [{ state: "current", secrets: 1 }] });
  await last.stop();
});

test("a key of the configuration takes over from the file, and a next one from it", async () => {
  const [first, second] = [7, 9].map((byte) => Buffer.alloc(32, byte).toString("base64"));
  const production = { LLM_PLATFORM_ENV: "production", LLM_PLATFORM_SERVER__DRAIN_SECONDS: "0" };
  const filed = await start("data", production);
  expect(await filed.logLine(/secrets\.key_beside_data/)).toContain("LLM_PLATFORM_SECRETS__MASTER_KEY");
  await saveCanary(filed);
  await filed.stop();
  writeFileSync(join(root, "first"), `${first}\n`);
  const taken = await start("data", {
    ...production,
    LLM_PLATFORM_SECRETS__MASTER_KEY_FILE: join(root, "first"),
  });
  expect(taken.log()).not.toContain("secrets.key_beside_data");
  expect((await llmp(taken, ["status"])).stdout).toMatch(/^\w{8} +current +1 +configuration\n$/m);
  expect((await llmp(taken, ["rotate", "--key-file", "-"], second)).stderr).toContain("secrets.master_key");
  expect(await chatStatus(taken)).toBe(200);
  await taken.stop();
  rmSync(join(root, "data", "master.key"));
  const next = await start("data", {
    LLM_PLATFORM_SECRETS__MASTER_KEY: second ?? "",
    LLM_PLATFORM_SECRETS__PREVIOUS_MASTER_KEYS: first ?? "",
    LLM_PLATFORM_SERVER__WORKERS: "2",
    LLM_PLATFORM_SERVER__FAST_LANE: "true",
  });
  expect(await chatStatus(next)).toBe(200);
  // Processes that it starts do not inherit the keys.
  const workers = readyWorkers(next);
  expect(workers).toHaveLength(2);
  for (const { pid } of process.platform === "linux" ? workers : [])
    expect(readFileSync(`/proc/${pid}/environ`, "utf8")).not.toContain("MASTER_KEY");
  const rotated = await llmp(next, ["rotate", "-o", "json"]);
  expect(JSON.parse(rotated.stdout)).toMatchObject({
    source: "configuration",
    keys: [
      { state: "previous", secrets: 0 },
      { state: "current", secrets: 1 },
    ],
  });
  await next.stop();
});

test("llmp takes a new key from a file, and says what is wrong with one", async () => {
  const platform = await start("data");
  await saveCanary(platform);
  const next = Buffer.alloc(32, 5).toString("hex");
  writeFileSync(join(root, "next"), next);
  const rotated = await llmp(platform, ["rotate", "--key-file", join(root, "next")]);
  expect(rotated.stdout).toMatch(/^KEY +STATE +SECRETS +FROM\n\w{8} +current +1 +file\n$/);
  expect(Buffer.from(keyOf("data"), "base64").toString("hex")).toBe(next);
  expect(await llmp(platform, ["rotate", "--key-file", join(root, "none")])).toMatchObject({ exitCode: 2 });
  expect(await llmp(platform, ["unseal"], "")).toMatchObject({ exitCode: 2 });
  expect(await chatStatus(platform)).toBe(200);
  const records = (await as(platform, "/api/v1/audit?operation=secrets.rotate")).text;
  expect(records).toContain('"secrets.rotate"');
  expect(records).toContain("[secret]");
  expect(filesWith(next, join(root, "data"))).toEqual([]);
  await platform.stop();
});
