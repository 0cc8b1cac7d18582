import { readFile, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { createFakeUpstream, type FakeUpstream } from "../fakes/fake-upstream.ts";
import { runLlmp } from "./cli-process.ts";
import { ask, type Asking, at, chatBody } from "./http.ts";
import { openAiIntegration, type Platform, startPlatform } from "./start-platform.ts";

const rootKey = "a-key-of-the-configuration-0123456789";
const operatorKey = "an-operator-of-the-configuration-01234";
const viewerKey = "a-viewer-of-the-configuration-0123456789";
const upstreamKey = "sk-CANARY-of-the-upstream-8f1b";
const envSecret = "CANARY-master-0123456789abcdef";
const strangerHost = "models.corp.example";

const settings = z.object({
  file: z.string().nullable(),
  settings: z.array(
    z.object({ key: z.string(), value: z.unknown(), origin: z.string(), env: z.array(z.string()) }),
  ),
});
const bundle = z.object({
  name: z.string(),
  files: z.array(z.object({ name: z.string(), about: z.string(), bytes: z.number(), text: z.string() })),
});

let upstream: FakeUpstream;
let platform: Platform;

beforeAll(async () => {
  upstream = await createFakeUpstream({ dialect: "openai", apiKey: upstreamKey });
  platform = await startPlatform({
    config: {
      auth: {
        api_keys: [
          { name: "root", key: rootKey, role: "admin" },
          { name: "operator", key: operatorKey, role: "operator" },
          { name: "viewer", key: viewerKey, role: "viewer" },
        ],
      },
      integrations: [
        openAiIntegration("fake", upstream.origin, { api_key: upstreamKey }),
        openAiIntegration("away", `http://user:${envSecret}@${strangerHost}:1`),
      ],
      log: { level: "info" },
    },
    env: { LLM_PLATFORM_EVENTS__KEEP: "5000" },
  });
  const headers = { authorization: `Bearer ${rootKey}` };
  await ask(platform, "/v1/chat/completions", { headers, body: chatBody("fake/tiny-chat") });
});
afterAll(async () => {
  await platform.stop();
  await upstream.stop();
});

function as(key: string, path: string, asking: Asking = {}) {
  return ask(platform, path, { ...asking, headers: { authorization: `Bearer ${key}` } });
}

async function settingsNow(query = "") {
  const { json, text } = await as(operatorKey, `/api/v1/system/settings${query}`);
  expect(text).not.toMatch(/CANARY|0123456789/);
  return settings.parse(json);
}

test("every setting is told with its value and where that comes from, and no secret", async () => {
  const all = await settingsNow();
  const of = (key: string) => all.settings.find((each) => each.key === key);
  expect(all.file).toMatch(/llm-platform\.yaml$/);
  expect(of("events.keep")).toMatchObject({ value: 5000, origin: "env", env: ["LLM_PLATFORM_EVENTS__KEEP"] });
  expect(of("log.level")).toMatchObject({ value: "info", origin: "file" });
  expect(of("server.drain_seconds")).toMatchObject({ value: 300, origin: "default" });
  expect(of("database.url")).toMatchObject({ value: null, origin: "default" });
  expect(of("auth.api_keys")).toMatchObject({
    origin: "file",
    value: [{ name: "root", key: "[secret]" }, {}, {}],
  });
  expect((await settingsNow("?origin=env")).settings.map(({ key }) => key)).toContain("data_dir");
  const found = (await settingsNow("?search=EVENTS__keep")).settings.map(({ key }) => key);
  expect(found).toEqual(["events.keep"]);
  const set = await as(rootKey, "/api/v1/system/log-levels", {
    method: "PUT",
    body: { levels: [{ level: "warn" }] },
  });
  expect(set.status, set.text).toBe(200);
  expect((await settingsNow("?search=log.level")).settings[0]).toMatchObject({
    value: "warn",
    origin: "run_time",
  });
  await as(rootKey, "/api/v1/system/log-levels", { method: "PUT", body: { levels: [] } });
  expect((await as(viewerKey, "/api/v1/system/settings")).status).toBe(403);
});

test("what the server stands on is told", async () => {
  const { json } = await as(operatorKey, "/api/v1/system/parts");
  expect(json).toMatchObject({
    replicas: { count: 1, is_leader: true, is_shared: false },
    store: { kind: "sqlite", is_well: true, problem: null },
    redis: null,
    disk: { directory: platform.dataDirectory },
    certificates: [],
  });
  expect(at(json, "store", "bytes")).toBeGreaterThan(0);
});

test("a support bundle has no secret, and names no machine unless it is asked to", async () => {
  const made = await as(operatorKey, "/api/v1/system/support-bundle", { method: "POST", body: {} });
  expect(made.text).not.toMatch(/CANARY|0123456789/);
  expect(made.text).not.toContain(strangerHost);
  const { files } = bundle.parse(made.json);
  expect(files.map(({ name }) => name)).toEqual([
    "about.json",
    "parts.json",
    "settings.json",
    "integrations.json",
    "events.jsonl",
    "problems.jsonl",
    "metrics.txt",
  ]);
  for (const { text, bytes } of files) expect(Buffer.byteLength(text)).toBe(bytes);
  const textOf = (name: string) => files.find((each) => each.name === name)?.text ?? "";
  expect(textOf("metrics.txt")).toMatch(/^llm_requests_total\{.*\} 1$/m);
  expect(textOf("integrations.json")).toContain('"fake"');
  expect(textOf("events.jsonl")).toContain("integration.");
  expect(textOf("settings.json")).toMatch(/host-\d/);
  const open = await as(operatorKey, "/api/v1/system/support-bundle", {
    method: "POST",
    body: { include_hosts: true },
  });
  expect(open.text).toContain(strangerHost);
  expect(open.text).not.toMatch(/CANARY|0123456789/);
  const audit = await as(rootKey, "/api/v1/audit?operation=system.support_bundle&limit=10");
  expect(audit.text).toContain("metrics.txt");
  expect(audit.text).not.toContain("llm_requests_total");
  expect((await as(viewerKey, "/api/v1/system/support-bundle", { method: "POST", body: {} })).status).toBe(
    403,
  );
});

test("llmp shows settings and writes a support bundle to a folder of its own", async () => {
  const env = { LLM_PLATFORM_URL: platform.url, LLM_PLATFORM_API_KEY: operatorKey };
  const shown = await runLlmp(["system", "settings", "events.keep"], { env });
  expect(shown.stdout, shown.stderr).toMatch(/^events\.keep +5000 +env/m);
  const directory = `${platform.dataDirectory}-support`;
  const made = await runLlmp(["system", "support-bundle", directory], { env });
  expect(made.exitCode, made.stderr).toBe(0);
  expect(await readFile(`${directory}/about.json`, "utf8")).not.toContain(hostname());
  const again = await runLlmp(["system", "support-bundle", directory], { env });
  expect(again.exitCode).not.toBe(0);
});

test("backups are listed and proved, and a damaged one is told as such", { timeout: 120_000 }, async () => {
  const made = await as(rootKey, "/api/v1/backups", { method: "POST", body: {} });
  const file = String(at(made.json, "file"));
  const listed = await as(rootKey, "/api/v1/backups");
  const name = String(at(listed.json, "backups", "0", "name"));
  expect(listed.json).toMatchObject({ backups: [{ file, bytes: at(made.json, "bytes") }] });
  const path = `/api/v1/backups/${name}/verify`;
  const good = await as(rootKey, path, { method: "POST", body: {} });
  expect(good.json, good.text).toMatchObject({ name, is_good: true, problem: null });
  expect(at(good.json, "tables")).toEqual(at(made.json, "tables"));
  const bytes = await readFile(file);
  bytes[Math.floor(bytes.length / 2)] = (bytes[Math.floor(bytes.length / 2)] ?? 0) ^ 1;
  await writeFile(file, bytes);
  const bad = await as(rootKey, path, { method: "POST", body: {} });
  expect(bad.json).toMatchObject({ is_good: false, problem: expect.stringContaining("damaged") });
  expect(
    (await as(rootKey, "/api/v1/backups/..%2Fplatform.db/verify", { method: "POST", body: {} })).status,
  ).toBe(404);
  expect((await as(operatorKey, path, { method: "POST", body: {} })).status).toBe(403);
});
