import OpenAI from "openai";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { createFakeUpstream, type FakeUpstream } from "../fakes/fake-upstream.ts";
import { ask, chat, contentOf, eventsOf, metric } from "./http.ts";
import { ollamaIntegration, openAiIntegration, type Platform, startPlatform } from "./start-platform.ts";
import { connectClients, expectNoProcess, readyWorkers, startWithWorkers } from "./worker-platform.ts";

const key = "sk-a-key-for-tests-of-workers";
const model = "fake/tiny-chat";

let openai: FakeUpstream;
let ollama: FakeUpstream;

beforeAll(async () => {
  openai = await createFakeUpstream({ dialect: "openai" });
  ollama = await createFakeUpstream({ dialect: "ollama" });
});
afterEach(() => Promise.all([openai.reset(), ollama.reset()]));
afterAll(() => Promise.all([openai.stop(), ollama.stop()]));

function start(more: Readonly<Record<string, unknown>> = {}): Promise<Platform> {
  const integrations = [
    openAiIntegration("fake", openai.origin),
    ollamaIntegration("lama", ollama.origin),
    // A bound on connections holds for one process: such a platform is called from there.
    openAiIntegration("bounded", openai.origin, { max_connections: 2 }),
  ];
  return startWithWorkers({ ...more, integrations });
}

test("workers serve inference, streamed or not, also while the first process stands still; the rest is its own", async () => {
  const platform = await start();
  const clients = connectClients(platform, 4);
  for (const client of clients) expect((await client.chat({ model })).status).toBe(200);
  platform.kill("SIGSTOP");
  try {
    for (const client of clients) {
      const whole = await client.chat({ model });
      expect(whole.text).toContain("one two three");
      const stream = await client.chat({ model, stream: true });
      expect(contentOf(stream.text)).toContain("one two three");
      expect(eventsOf(stream.text).at(-1)).toBe("[DONE]");
    }
    const models = fetch(`${platform.url}/v1/models`, { signal: AbortSignal.timeout(300) });
    await expect(models).rejects.toThrow("timeout");
  } finally {
    platform.kill("SIGCONT");
  }
  for (const client of clients) expect((await client.get("/v1/models")).text).toContain("tiny-chat");
  expect(await platform.ledgerRows({ count: 12 })).toHaveLength(12);
  for (const client of clients) client.leave();
  await platform.stop();
});

test("the openai package works over workers", async () => {
  const platform = await start();
  const client = new OpenAI({ baseURL: `${platform.url}/v1`, apiKey: "none", maxRetries: 0 });
  const question = { model, messages: [{ role: "user" as const, content: "one two three" }] };
  const whole = await client.chat.completions.create(question);
  expect(whole.choices[0]?.message.content).toContain("one two three");
  let text = "";
  for await (const chunk of await client.chat.completions.create({ ...question, stream: true }))
    text += chunk.choices[0]?.delta.content ?? "";
  expect(text).toContain("one two three");
  expect((await client.models.list()).data.map(({ id }) => id)).toContain("tiny-chat");
  const { data } = await client.embeddings.create({ model: "fake/tiny-embed", input: ["one"] });
  expect(data).toHaveLength(1);
  await platform.stop();
});

test("calls of every platform come through, and every other request, on connections of any worker", async () => {
  const platform = await start();
  const clients = connectClients(platform, 4);
  for (const client of clients) {
    // The first two are forwarded as calls, and the connection stays with its worker.
    for (const name of ["lama/tiny-chat:latest", "bounded/tiny-chat", model]) {
      const stream = await client.chat({ model: name, stream: true });
      expect(contentOf(stream.text), stream.text).toContain("one two three");
      expect(eventsOf(stream.text).at(-1)).toBe("[DONE]");
      const whole = await client.chat({ model: name });
      expect(whole.status, whole.text).toBe(200);
    }
    expect((await client.chat({ model: "nobody/nothing" })).text).toContain("model_not_found");
    // From here on the connection is the first process's.
    expect((await client.get("/metrics")).text).toContain('llm_workers{state="ready"} 2');
    expect((await client.get("/integrations/health")).status).toBe(200);
    expect((await client.get("/v1/models")).text).toContain("tiny-chat");
    expect((await client.chat({ model })).status).toBe(200);
    client.leave();
  }
  const rows = await platform.ledgerRows({ count: 28 });
  expect(rows).toHaveLength(28);
  expect(rows.every(({ outcome }) => outcome === "stop")).toBe(true);
  expect(await metric(platform, "llm_http_requests_total", 'lane="fast"')).toBe(28);
  await platform.stop();
});

test("a request body in chunks, which no worker reads, is answered all the same", async () => {
  const platform = await start();
  const text = JSON.stringify({ model, messages: [{ role: "user", content: "one two three" }] });
  const response = await fetch(`${platform.url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: new Blob([text]).stream(),
    duplex: "half",
  });
  expect(await response.text()).toContain("one two three");
  await platform.stop();
});

describe("limits hold for all workers together", () => {
  test("never more calls are in flight than allowed, and all that are allowed", async () => {
    const most = 5;
    const platform = await start({ gateway: { max_in_flight: most } });
    const clients = connectClients(platform, 40);
    for (let round = 0; round < 3; round++) {
      const seen = openai.totalRequests;
      openai.always({ kind: "stream", chunks: 30, intervalMs: 100 });
      const replies = clients.map((client) => client.chat({ model, stream: true }));
      const settled = await Promise.all(replies);
      const statuses = settled.map(({ status }) => status);
      expect(statuses.filter((status) => status === 200)).toHaveLength(most);
      expect(statuses.filter((status) => status === 503)).toHaveLength(clients.length - most);
      expect(openai.totalRequests - seen).toBe(most);
      expect(mostAtOnce(openai, seen)).toBe(most);
    }
    // Short calls without a pause: slots wander between the workers, and none is lost.
    openai.always({ kind: "stream", chunks: 2, intervalMs: 5 });
    const before = openai.totalRequests;
    await Promise.all(
      clients.map(async (client) => {
        for (let call = 0; call < 20; call++) await client.chat({ model, stream: true });
      }),
    );
    expect(mostAtOnce(openai, before)).toBeLessThanOrEqual(most);
    openai.always({ kind: "stream", chunks: 30, intervalMs: 100 });
    const last = await Promise.all(clients.map((client) => client.chat({ model, stream: true })));
    expect(last.filter(({ status }) => status === 200)).toHaveLength(most);
    for (const client of clients) client.leave();
    await platform.stop();
  });

  test("a key has its calls a minute once, not once for each worker", async () => {
    const platform = await start({ auth: { api_keys: [{ name: "team", key, requests_per_minute: 10 }] } });
    const clients = connectClients(platform, 40);
    const headers = { authorization: `Bearer ${key}` };
    const replies = await Promise.all(clients.map((client) => client.chat({ model }, headers)));
    expect(replies.filter(({ status }) => status === 200)).toHaveLength(10);
    expect(replies.filter(({ status }) => status === 429)).toHaveLength(30);
    for (const client of clients) client.leave();
    await platform.stop();
  });
});

test("a change of an integration's settings reaches the workers", async () => {
  const platform = await start();
  const next = await createFakeUpstream({ dialect: "openai" });
  const clients = connectClients(platform, 4);
  for (const client of clients) expect((await client.chat({ model })).status).toBe(200);
  const change = await ask(platform, "/integrations/fake/config", {
    method: "PUT",
    body: { settings: { base_url: `${next.origin}/v1` } },
  });
  expect(change.status, change.text).toBe(200);
  const before = openai.requests.filter(({ method }) => method === "POST").length;
  for (const client of clients) expect((await client.chat({ model })).status).toBe(200);
  expect(next.requests.filter(({ method }) => method === "POST")).toHaveLength(clients.length);
  expect(openai.requests.filter(({ method }) => method === "POST")).toHaveLength(before);
  for (const client of clients) client.leave();
  await platform.stop();
  await next.stop();
});

test("a stop lets the streams of all workers end, and leaves no process", async () => {
  const platform = await start();
  openai.always({ kind: "stream", chunks: 20, intervalMs: 50 });
  const seen = openai.totalRequests;
  const streams = Array.from({ length: 20 }, () => chat(platform, model));
  await expect.poll(() => openai.totalRequests).toBe(seen + 20);
  platform.kill("SIGTERM");
  for (const answer of await Promise.all(streams)) {
    expect(eventsOf(answer.text).at(-1)).toBe("[DONE]");
    expect(contentOf(answer.text)).toMatch(/w19$/);
  }
  expect(await platform.exit).toBe(0);
  await expectNoProcess(platform);
  expect(readyWorkers(platform)).toHaveLength(2);
  expect(platform.log()).not.toMatch(/"level":"(warn|error)"/);
  const rows = await platform.ledgerRows({ count: 20 });
  expect(rows.map(({ outcome }) => outcome)).toEqual(Array.from({ length: 20 }, () => "stop"));
  await platform.stop();
});

/** The most chats that an upstream had at once, of those that came after the first so many. */
function mostAtOnce(upstream: FakeUpstream, after: number): number {
  const chats = upstream.requests.slice(after).filter(({ method }) => method === "POST");
  const edges = chats.flatMap(({ atMs, closedAtMs = Number.POSITIVE_INFINITY }) => [
    { atMs, change: 1 },
    { atMs: closedAtMs, change: -1 },
  ]);
  // Of edges at the same moment the end comes first: a slot is free before it is used again.
  edges.sort((a, b) => a.atMs - b.atMs || a.change - b.change);
  let now = 0;
  let most = 0;
  for (const { change } of edges) {
    now += change;
    most = Math.max(most, now);
  }
  return most;
}

test("a slow start of workers is no reason to take calls before the models are known", async () => {
  const slowWorkers = `data:text/javascript,${encodeURIComponent(
    'if (process.argv[1]?.includes("worker-main")) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 4_500);',
  )}`;
  // Beyond the three seconds that a server has, once this one serves.
  openai.script({ kind: "slow-head", delayMs: 3_700 });
  const platform = await startPlatform({
    config: { integrations: [openAiIntegration("fake", openai.origin)] },
    env: { LLM_PLATFORM_SERVER__WORKERS: "2", LLM_PLATFORM_SERVER__FAST_LANE: "true" },
    nodeFlags: ["--import", slowWorkers],
  });
  expect((await chat(platform, model)).status).toBe(200);
  expect(readyWorkers(platform)).toHaveLength(2);
  await platform.stop();
});
