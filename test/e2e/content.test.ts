import { cpSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { createFakeUpstream, type FakeUpstream } from "../fakes/fake-upstream.ts";
import { runLlmp } from "./cli-process.ts";
import { type Answer, ask, type Asking, chatBody, member } from "./http.ts";
import { openAiIntegration, type Platform, startPlatform } from "./start-platform.ts";

const keyOf = (name: string) => `${name}-key-of-the-configuration-0123456789`;
const root = keyOf("root");
const prompt = "a-very-private-question";
const secretOf = (model: string) => ({
  ...chatBody(model),
  messages: [{ role: "user", content: prompt }],
});

let upstream: FakeUpstream;
beforeAll(async () => {
  upstream = await createFakeUpstream({ dialect: "openai", models: ["tiny-chat", "watched", "other"] });
});
afterAll(() => upstream.stop());

function start(env: Readonly<Record<string, string>> = {}, dataDirectory?: string): Promise<Platform> {
  return startPlatform({
    config: {
      integrations: [openAiIntegration("fake", upstream.origin)],
      content: { models: ["fake/watched"], max_bytes: 4_096 },
      auth: {
        api_keys: [
          { name: "root", key: root, role: "admin" },
          { name: "plain", key: keyOf("plain") },
          { name: "open", key: keyOf("open"), capture_content: true },
        ],
      },
    },
    env,
    ...(dataDirectory === undefined ? {} : { dataDirectory }),
  });
}

function as(platform: Platform, key: string, path: string, asking: Asking = {}): Promise<Answer> {
  return ask(platform, path, { ...asking, headers: { authorization: `Bearer ${key}` } });
}

async function call(platform: Platform, key: string, body: object): Promise<string> {
  const answer = await as(platform, key, "/v1/chat/completions", { body });
  return answer.requestId;
}

const contentPath = (requestId: string) => `/api/v1/usage/records/${requestId}/content`;

/** What is kept of a call, soon. */
async function contentOf(platform: Platform, requestId: string): Promise<unknown> {
  return vi.waitFor(
    async () => {
      const answer = await as(platform, root, contentPath(requestId));
      expect(answer.status, answer.text).toBe(200);
      return answer.json;
    },
    { timeout: 5_000 },
  );
}

function filesWith(text: string, directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => [text, btoa(text).slice(0, -4)].some((form) => readFileSync(path).includes(form)));
}

describe.each([
  ["one process", {}],
  ["two workers", { LLM_PLATFORM_SERVER__WORKERS: "2", LLM_PLATFORM_SERVER__FAST_LANE: "true" }],
])("on a server of %s", (_what, env) => {
  test("the content of calls is kept for who opted in, and of no others", async () => {
    const platform = await start(env);
    const made = await as(platform, root, "/api/v1/keys", {
      body: { name: "made", role: "developer", capture_content: true },
    });
    const ids = {
      plain: await call(platform, keyOf("plain"), secretOf("fake/tiny-chat")),
      open: await call(platform, keyOf("open"), secretOf("fake/tiny-chat")),
      stream: await call(platform, keyOf("open"), { ...secretOf("fake/tiny-chat"), stream: true }),
      made: await call(platform, String(member(made.json, "key")), secretOf("fake/other")),
      watched: await call(platform, keyOf("plain"), secretOf("fake/watched")),
      long: await call(platform, keyOf("open"), {
        ...chatBody("fake/tiny-chat"),
        messages: [{ role: "user", content: "long ".repeat(2_000) }],
      }),
    };
    upstream.script([400].map((status) => ({ kind: "status" as const, status })));
    const failed = await call(platform, keyOf("open"), secretOf("fake/tiny-chat"));
    for (const id of [ids.open, ids.made, ids.watched])
      expect(await contentOf(platform, id)).toMatchObject({
        outcome: "ok",
        request: { text: expect.stringContaining(prompt), truncated: false },
        reply: { text: expect.stringContaining('"choices"'), truncated: false },
      });
    expect(await contentOf(platform, ids.stream)).toMatchObject({
      principal: "open",
      model: "fake/tiny-chat",
      reply: { text: expect.stringMatching(/^data: [^]*\[DONE\]\n\n$/) },
    });
    const long = await contentOf(platform, ids.long);
    expect(long).toMatchObject({ request: { truncated: true }, reply: { truncated: true } });
    expect(String(member(member(long, "request"), "text"))).toHaveLength(4_096);
    expect(member(member(long, "request"), "bytes")).toBeGreaterThan(10_000);
    expect(await contentOf(platform, failed)).toMatchObject({ outcome: "invalid_request", reply: null });
    expect((await as(platform, root, contentPath(ids.plain))).status).toBe(404);
    await platform.stop();
  });
});

test("it is announced, is for admins only, and each reading is on record", async () => {
  const platform = await start();
  expect(await platform.logLine(/"event":"content\.capture_on"/)).toContain(
    '"keys":["open"],"models":["fake/watched"]',
  );
  expect((await as(platform, root, "/api/v1/system")).json).toMatchObject({
    content_capture: { is_on: true, keys: ["open"], models: ["fake/watched"] },
  });
  const id = await call(platform, keyOf("open"), secretOf("fake/tiny-chat"));
  await contentOf(platform, id);
  expect((await as(platform, root, "/metrics")).text).toMatch(
    /llm_content_captured_total\{result="kept"\} 1/,
  );
  expect((await as(platform, keyOf("open"), contentPath(id))).status).toBe(403);
  const operator = await as(platform, root, "/api/v1/keys", { body: { name: "ops", role: "operator" } });
  expect((await as(platform, String(member(operator.json, "key")), contentPath(id))).status).toBe(403);
  const shown = await runLlmp(["usage", "content", id], {
    env: { LLM_PLATFORM_URL: platform.url, LLM_PLATFORM_API_KEY: root },
  });
  expect(shown, shown.stderr).toMatchObject({ exitCode: 0, stdout: expect.stringContaining(prompt) });
  const { text, json } = await as(platform, root, `/api/v1/audit?target=${id}`);
  expect(member(json, "records")).toMatchObject([
    { operation: "usage.content", outcome: "ok", actor: { name: "root" } },
    { operation: "usage.content", outcome: "started" },
    { outcome: "ok" },
    { outcome: "started" },
  ]);
  expect(text).not.toContain(prompt);
  await platform.stop();
});

test("it is on the disk sealed only, stays readable when the master key is rotated, and a copy without the key tells nothing", async () => {
  const platform = await start();
  const id = await call(platform, keyOf("open"), secretOf("fake/tiny-chat"));
  await contentOf(platform, id);
  expect(filesWith(prompt, platform.dataDirectory)).toEqual([]);
  expect((await as(platform, root, "/api/v1/secrets/rotate", { body: {} })).status).toBe(200);
  expect(await contentOf(platform, id)).toMatchObject({ request: { text: expect.stringContaining(prompt) } });
  platform.kill("SIGTERM");
  expect(await platform.exit).toBe(0);
  const copy = `${platform.dataDirectory}-copy`;
  cpSync(platform.dataDirectory, copy, { recursive: true });
  rmSync(join(copy, "master.key"));
  expect(filesWith(prompt, copy)).toEqual([]);
  const thief = await start({}, copy);
  expect((await as(thief, root, contentPath(id))).status).toBe(503);
  await thief.stop();
});

test("what is too old is read no more, and is deleted", async () => {
  const first = await start();
  const id = await call(first, keyOf("open"), secretOf("fake/tiny-chat"));
  await contentOf(first, id);
  first.kill("SIGTERM");
  await first.exit;
  const path = join(first.dataDirectory, "platform.db");
  const raw = new DatabaseSync(path);
  raw.exec(`UPDATE call_content SET created_at_ms = created_at_ms - ${8 * 86_400_000}`);
  raw.close();
  const second = await start({}, first.dataDirectory);
  expect((await as(second, root, contentPath(id))).status).toBe(404);
  await second.logLine(/"event":"content\.pruned"/);
  await second.stop();
});
