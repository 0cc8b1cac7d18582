import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeCertificate } from "../../packages/server/src/wire/certificate.test-data.ts";
import { type Answer, ask, contentOf, eventsOf, member } from "../e2e/http.ts";
import { pullToRest } from "../e2e/pull-calls.ts";
import { ollamaIntegration, type Platform, startPlatform } from "../e2e/start-platform.ts";
import { createFakeUpstream, type FakeUpstream } from "../fakes/fake-upstream.ts";
import { type OllamaRegistry, startOllamaRegistry } from "../fakes/ollama-registry.ts";
import { type Ollama, ollamaProgram, startOllama } from "../services/ollama.ts";
import { ollamaQuestions } from "./ollama-questions.ts";
import { shapeOf } from "./reply-shape.ts";

const models = fileURLToPath(new URL("../../models/demo/", import.meta.url));
/** The chat template of the demo model, in Go's words. */
const template = [
  "{{- if or .System .Tools }}<|im_start|>system",
  "{{ .System }}{{ if .Tools }}Tools:{{ range .Tools }}",
  "{{ .Function.Name }}({{ range $key, $value := .Function.Parameters.Properties }}{{ $key }}: {{ $value.Type }}{{ end }}) {{ .Function.Description }}{{ end }}{{ end }}<|im_end|>",
  "{{ end }}{{ range .Messages }}{{ if eq .Role `tool` }}<|im_start|>user",
  "<tool_response>",
  "{{ .Content }}",
  "</tool_response><|im_end|>",
  "{{ else if ne .Role `system` }}<|im_start|>{{ .Role }}{{ if .Content }}",
  "{{ .Content }}{{ end }}{{ if .ToolCalls }}{{ range .ToolCalls }}",
  "<tool_call>",
  '{"name": "{{ .Function.Name }}", "arguments": {{ .Function.Arguments }}}',
  "</tool_call>{{ end }}{{ end }}<|im_end|>",
  "{{ end }}{{ end }}<|im_start|>assistant",
  "",
].join("\n");
const weather = {
  type: "function",
  function: {
    name: "get_weather",
    description: "Current weather of a city.",
    parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
  },
};
const longList = { type: "array", items: { type: "integer" }, minItems: 400 };
const greedy = { temperature: 0, seed: 1 };

let folder: string;
let registry: OllamaRegistry;
let ollama: Ollama;
let platform: Platform;

function chat(content: string, more: Readonly<Record<string, unknown>> = {}): Promise<Answer> {
  const messages = [{ role: "user", content }];
  return ask(platform, "/v1/chat/completions", { body: { model: "base", messages, ...greedy, ...more } });
}

function act(method: string, action: string, body: object): Promise<Answer> {
  return ask(platform, `/api/v1/models${action}`, { method, body });
}

async function loadedModels(): Promise<readonly unknown[]> {
  const loaded = member((await ask(platform, "/api/v1/models/loaded")).json, "models");
  return Array.isArray(loaded) ? loaded : [];
}

async function modelNames(): Promise<readonly string[]> {
  const listed = member((await ask(platform, "/api/v1/models")).json, "models");
  return Array.isArray(listed) ? listed.map((model) => String(member(model, "id"))) : [];
}

describe.skipIf(ollamaProgram === undefined)("a real Ollama", { timeout: 180_000 }, () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "llm-platform-real-ollama-"));
    const authority = makeCertificate({ subject: "authority" });
    const authorityFile = join(folder, "authority.pem");
    await writeFile(authorityFile, authority.cert);
    const gguf = await readFile(join(models, "demo-chat.gguf"));
    registry = await startOllamaRegistry(
      [{ name: "tiny", gguf, template }],
      makeCertificate({ subject: "registry", issuer: authority }),
    );
    ollama = await startOllama({ authority: authorityFile });
    const own = { base: "demo-chat", plain: "demo-chat", embedder: "demo-embed" };
    for (const [name, file] of Object.entries(own)) {
      const lines = [`FROM ${join(models, `${file}.gguf`)}`, "PARAMETER num_ctx 1024"];
      if (name === "base") lines.push(`TEMPLATE """${template}"""`);
      if (name === "plain") lines.push("TEMPLATE {{ .Prompt }}");
      await writeFile(join(folder, name), lines.join("\n"));
      await ollama.run("create", name, "-f", join(folder, name));
    }
    platform = await startPlatform({
      config: { integrations: [ollamaIntegration("ollama", ollama.url, { keep_alive: "10m" })] },
    });
  }, 180_000);

  afterAll(async () => {
    await platform?.stop();
    await ollama?.stop();
    await registry?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  test("offers what `ollama create` made, with what each can do", async () => {
    const { json, text } = await ask(platform, "/api/v1/models");
    expect(json, text).toEqual({
      models: expect.arrayContaining([
        expect.objectContaining({
          id: "base:latest",
          operations: ["chat", "completion"],
          context_tokens: 1024,
          family: "llama",
          quantization: "Q8_0",
          capabilities: ["completion", "tools"],
        }),
        expect.objectContaining({ id: "plain:latest", capabilities: ["completion"] }),
        expect.objectContaining({ id: "embedder:latest", operations: ["embedding"] }),
      ]),
    });
    const shown = await ask(platform, "/api/v1/models/show?model=base:latest");
    expect(member(member(shown.json, "details"), "model_info")).toMatchObject({
      "general.architecture": "llama",
    });
    expect((await ask(platform, "/integrations/ollama/status")).json).toMatchObject({ state: "running" });
  });

  test("chats, and says the same piece by piece", async () => {
    const whole = await chat("What is the capital of France?");
    expect(whole.json, whole.text).toMatchObject({
      choices: [{ message: { content: "The capital of France is Paris." }, finish_reason: "stop" }],
      usage: { prompt_tokens: 19, completion_tokens: 14 },
    });
    const streamed = await chat("What is the capital of France?", { stream: true });
    expect(contentOf(streamed.text)).toBe("The capital of France is Paris.");
    expect(eventsOf(streamed.text).length).toBeGreaterThan(5);
    expect(eventsOf(streamed.text).at(-1)).toBe("[DONE]");
  });

  test("is cut by a limit of tokens, completes a text and keeps to a schema", async () => {
    expect((await chat("Please count to 7", { max_tokens: 3 })).json).toMatchObject({
      choices: [{ finish_reason: "length" }],
      usage: { completion_tokens: 3 },
    });
    const body = { model: "base", prompt: "Hello!", max_tokens: 4, ...greedy };
    expect((await ask(platform, "/v1/completions", { body })).json).toMatchObject({
      choices: [{ text: expect.stringMatching(/\S/) }],
    });
    const schema = { type: "object", properties: { age: { type: "integer" } }, required: ["age"] };
    const { json, text } = await chat("Anna is 30 years old. Give her age as JSON.", {
      response_format: { type: "json_schema", json_schema: { name: "age", schema } },
      max_tokens: 60,
    });
    const content = member(member(member(member(json, "choices"), "0"), "message"), "content");
    expect(JSON.parse(String(content)), text).toEqual({ age: expect.any(Number) });
  });

  test.each([false, true])("calls a tool, and reads what it gave (stream: %s)", async (stream) => {
    const question = "What is the weather in Oslo?";
    const { text, json } = await chat(question, { tools: [weather], stream });
    const messages = stream
      ? eventsOf(text).map((event) => member(member(member(event, "choices"), "0"), "delta"))
      : [member(member(member(json, "choices"), "0"), "message")];
    const [call] = messages.flatMap((message) => member(message, "tool_calls") ?? []);
    const called = member(call, "function");
    expect(member(called, "name"), text).toBe("get_weather");
    expect(JSON.parse(String(member(called, "arguments")))).toEqual({ city: "Oslo" });
    expect(text).toContain('"finish_reason":"tool_calls"');
    const answer = await ask(platform, "/v1/chat/completions", {
      body: {
        model: "base",
        ...greedy,
        max_tokens: 40,
        tools: [weather],
        messages: [
          { role: "user", content: question },
          {
            role: "assistant",
            tool_calls: [
              {
                id: "call_1",
                type: "function",
                function: { name: "get_weather", arguments: '{"city":"Oslo"}' },
              },
            ],
          },
          { role: "tool", tool_call_id: "call_1", content: '{"temperature": 7}' },
        ],
      },
    });
    expect(answer.json, answer.text).toMatchObject({
      choices: [{ message: { content: expect.stringMatching(/\S/) } }],
    });
  });

  test("embeds", async () => {
    const body = { model: "embedder", input: ["a small dog", "a puppy", "the price of oil"] };
    const { json, text } = await ask(platform, "/v1/embeddings", { body });
    expect(json, text).toMatchObject({ data: [{ index: 0 }, { index: 1 }, { index: 2 }] });
    expect(member(member(member(json, "data"), "0"), "embedding")).toHaveLength(128);
  });

  test("loads and unloads, and tells what is in memory", async () => {
    for (const [model, kept] of [
      ["base:latest", 1],
      ["embedder:latest", 1],
    ] as const) {
      expect((await act("POST", "/load", { model })).json).toMatchObject({ status: "loaded" });
      const entry = (await loadedModels()).filter((each) => member(each, "id") === model);
      expect(entry).toHaveLength(kept);
      expect(Date.parse(String(member(entry[0], "expires_at")))).toBeGreaterThan(Date.now() + 500_000);
      expect((await act("POST", "/unload", { model })).json).toMatchObject({ status: "unloaded" });
    }
    await expect.poll(loadedModels, { timeout: 20_000 }).toEqual([]);
  });

  test("pulls from a registry, step by step, and says when a model is not there", async () => {
    const source = `${registry.host}/library/tiny:latest`;
    const pulled = await pullToRest(platform, { kind: "ollama", source });
    expect(pulled, JSON.stringify(pulled)).toMatchObject({ phase: "done", total_bytes: expect.any(Number) });
    expect(registry.requests.some((line) => line.startsWith("GET /v2/library/tiny/manifests/"))).toBe(true);
    expect(await modelNames()).toContain(source);
    const body = { model: source, messages: [{ role: "user", content: "Hello!" }], ...greedy };
    expect((await ask(platform, "/v1/chat/completions", { body })).status).toBe(200);
    expect(
      await pullToRest(platform, { kind: "ollama", source: `${registry.host}/library/none:latest` }),
    ).toMatchObject({ phase: "failed" });
  });

  test("copies, makes a model of another with settings of its own, and deletes", async () => {
    const copied = await act("POST", "/copy", { model: "base:latest", destination: "twin:v2" });
    expect(copied.json).toMatchObject({ status: "copied" });
    const modelfile =
      "FROM base:latest\nSYSTEM You are a pirate.\nPARAMETER temperature 0\nPARAMETER num_predict 2";
    const made = await act("POST", "/create", { model: "pirate", modelfile });
    expect(made.json, made.text).toMatchObject({ status: "created", integration: "ollama" });
    const shown = await ask(platform, "/api/v1/models/show?model=pirate:latest");
    expect(member(shown.json, "details")).toMatchObject({
      system: "You are a pirate.",
      parameters: expect.stringMatching(/num_predict\s+2/),
      details: { parent_model: "base:latest" },
    });
    const body = { model: "pirate", messages: [{ role: "user", content: "Please count to 7" }] };
    expect((await ask(platform, "/v1/chat/completions", { body })).json).toMatchObject({
      usage: { completion_tokens: 2 },
    });
    expect((await act("POST", "/create", { model: "pirate", from: "base:latest" })).status).toBe(409);
    const refused = await act("POST", "/create", {
      model: "x",
      from: "base:latest",
      settings: { pinned: true },
    });
    expect([refused.status, refused.text]).toEqual([400, expect.stringContaining("no setting 'pinned'")]);
    for (const model of ["twin:v2", "pirate:latest"])
      expect((await act("DELETE", "", { model })).json).toMatchObject({ status: "deleted" });
    expect(await modelNames()).not.toContain("twin:v2");
    expect((await act("DELETE", "", { model: "twin:v2" })).status).toBe(404);
  });

  test("refuses what a model cannot do, without its own words", async () => {
    const messages = [{ role: "user", content: "Hi" }];
    const post = (body: object) => ask(platform, "/v1/chat/completions", { body });
    expect((await post({ model: "plain", messages, tools: [weather] })).status).toBe(400);
    expect((await post({ model: "base", messages, reasoning_effort: "low" })).status).toBe(400);
    expect((await post({ model: "base", messages, logprobs: true })).text).toMatch(/0\.12\.11 or newer/);
    expect((await post({ model: "none", messages })).status).toBe(404);
    const long = await post({ model: "base", messages: [{ role: "user", content: "word ".repeat(3_000) }] });
    expect(long.headers.get("x-llm-platform-warning") ?? long.text).toMatch(/prompt|window|context/);
  });

  test("stops when a client of the platform leaves in the middle", async () => {
    const leaving = new AbortController();
    const chatsEnded = () => ollama.log().split('POST     "/api/chat"').length;
    const before = chatsEnded();
    // Nothing shorter keeps to the schema: to the end it would take a minute.
    const schema = { type: "object", properties: { n: longList }, required: ["n"] };
    const response = await fetch(`${platform.url}/v1/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        model: "base",
        messages: [{ role: "user", content: "Count." }],
        stream: true,
        response_format: { type: "json_schema", json_schema: { name: "n", schema } },
      }),
      signal: leaving.signal,
    });
    await response.body?.getReader().read();
    leaving.abort();
    await expect.poll(chatsEnded, { timeout: 5_000 }).toBe(before + 1);
    const outcomes = async () => (await platform.ledgerRows({ count: 0 })).map(({ outcome }) => outcome);
    await expect.poll(outcomes, { timeout: 5_000 }).toContain("client_cancelled");
    expect((await chat("Hello!", { max_tokens: 2 })).status).toBe(200);
  });

  describe("is what the fake of it says", () => {
    let fake: FakeUpstream;
    beforeAll(async () => {
      fake = await createFakeUpstream({ dialect: "ollama", models: ["base", "plain", "embedder-embed"] });
      await ollama.run("cp", "embedder", "embedder-embed");
    });
    afterAll(async () => fake?.stop());

    for (const [method, path, body] of ollamaQuestions)
      test(`to ${method} ${path} ${JSON.stringify(body) ?? ""}`, async () => {
        const question = { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
        const [real, faked] = await Promise.all(
          [ollama.url, fake.origin].map(async (origin) => shapeOf(await fetch(origin + path, question))),
        );
        expect(faked).toEqual(real);
      });
  });
});
