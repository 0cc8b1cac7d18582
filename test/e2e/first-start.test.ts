import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { parseMetrics } from "./first-start-metrics.ts";
import { type StartedServer, startServerIn } from "./first-start-server.ts";

let home: string;
let server: StartedServer;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "llm-platform-first-"));
  server = await startServerIn({
    workingDirectory: home,
    // Ollama's own variable points at a port that nobody listens on, whatever runs on this machine.
    env: { HOME: home, OLLAMA_HOST: "127.0.0.1:9" },
  });
});

afterAll(async () => {
  await server?.stop();
  await rm(home, { recursive: true, force: true });
});

async function getJson(path: string): Promise<unknown> {
  const response = await fetch(server.url + path);
  expect(response.status).toBe(200);
  return response.json();
}

test("the README's first call streams an answer of the bundled model", async () => {
  const response = await fetch(`${server.url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: '{"model":"demo-chat","stream":true,"messages":[{"role":"user","content":"How do I add Ollama?"}]}',
  });
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toMatch(/^text\/event-stream/);
  const events = (await response.text()).trimEnd().split("\n\n");
  expect(events.at(-1)).toBe("data: [DONE]");
  const chunks: readonly {
    readonly choices: readonly { readonly delta: { readonly content?: string } }[];
  }[] = events.slice(0, -1).map((event) => JSON.parse(event.replace(/^data: /, "")));
  const pieces = chunks.map(({ choices }) => choices[0]?.delta.content ?? "").filter((piece) => piece !== "");
  expect(pieces.length).toBeGreaterThan(3);
});

// Greedy: what is asked is whether the model knows it, not what the dice say.
test.each([
  { question: "How do I add Ollama?", knows: "OLLAMA_BASE_URL" },
  { question: "Where are the metrics?", knows: "/metrics" },
  { question: "What is OLLAMA_BASE_URL?", knows: "use: ollama" },
])("the README's question is answered truly: $question", async ({ question, knows }) => {
  const response = await fetch(`${server.url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      model: "demo-chat",
      messages: [{ role: "user", content: question }],
      temperature: 0,
    }),
  });
  expect(await response.json()).toMatchObject({
    choices: [{ message: { content: expect.stringContaining(knows) }, finish_reason: "stop" }],
  });
});

test("the models of the README are there", async () => {
  expect(await getJson("/v1/models")).toMatchObject({
    object: "list",
    data: expect.arrayContaining([
      expect.objectContaining({ id: "demo-chat", object: "model" }),
      expect.objectContaining({ id: "demo-embed", object: "model" }),
    ]),
  });
});

test("the server takes calls although Ollama is not there, and says so", async () => {
  expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
  // Waited for: in the moment of a retry the state is "starting".
  await vi.waitFor(
    async () => {
      expect(await getJson("/integrations/health")).toMatchObject({
        status: "degraded",
        integrations: {
          local: { state: "running", reason: null },
          "openai-api": { state: "running" },
          "rest-api": { state: "running" },
          prometheus: { state: "running" },
          ollama: { state: "retrying", reason: expect.stringMatching(/127\.0\.0\.1:9\b/) },
        },
      });
      expect(await getJson("/integrations/ollama/status")).toMatchObject({
        state: "retrying",
        next_retry_at: expect.stringMatching(/^\d{4}-.*Z$/),
      });
    },
    { timeout: 10_000 },
  );
});

test("the metrics can be read, and have every family that is promised", async () => {
  const response = await fetch(`${server.url}/metrics`);
  expect(response.headers.get("content-type")).toMatch(/^text\/plain; version=/);
  const families = parseMetrics(await response.text());
  const promised = {
    llm_requests_total: "counter",
    llm_request_duration_seconds: "histogram",
    llm_model_loads_total: "counter",
    llm_active_models: "gauge",
    llm_cpu_usage_percent: "gauge",
    llm_errors_total: "counter",
    llm_cost_total: "counter",
  };
  const found = Object.keys(promised).map((name) => [name, families.get(name)?.type]);
  expect(Object.fromEntries(found)).toEqual(promised);
  for (const { help } of families.values()) expect(help).not.toBe("");
  const calls = families.get("llm_requests_total")?.samples ?? [];
  expect(calls.find(({ labels }) => labels.includes('model="demo-chat"'))?.value).toBeGreaterThan(0);
  expect(families.get("llm_active_models")?.samples.map(({ value }) => value)).toContain(1);
});

test("everything that it keeps is under the home folder, closed to other users", async () => {
  const data = join(home, ".local/share/llm-platform");
  expect(await readdir(home)).toEqual([".local"]);
  expect(await readdir(data)).toEqual(expect.arrayContaining(["platform.db", "spool"]));
  expect((await stat(data)).mode & 0o077).toBe(0);
});
