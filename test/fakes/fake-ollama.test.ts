import { Ollama } from "ollama";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createFakeUpstream, type FakeUpstream } from "./fake-upstream.ts";

let upstream: FakeUpstream;
let client: Ollama;

beforeEach(async () => {
  upstream = await createFakeUpstream({ dialect: "ollama", numCtx: 10 });
  client = new Ollama({ host: upstream.origin });
});
afterEach(() => upstream.stop());

const messages = [{ role: "user", content: "hello big world" }];
const tools = [
  {
    type: "function",
    function: {
      name: "get_weather",
      description: "",
      parameters: { type: "object", properties: { city: { type: "string" } } },
    },
  },
];

describe("a healthy Ollama-speaking fake, through the official client", () => {
  test("chats whole and streamed with the same text and counts", async () => {
    const whole = await client.chat({ model: "tiny-chat", messages });
    expect(whole).toMatchObject({ done: true, done_reason: "stop", prompt_eval_count: 7, eval_count: 4 });
    let text = "";
    let count = 0;
    for await (const part of await client.chat({ model: "tiny-chat", messages, stream: true })) {
      text += part.message.content;
      count = part.eval_count ?? count;
    }
    expect([text, count]).toEqual([whole.message.content, whole.eval_count]);
  });

  test("thinks, calls tools with arguments as an object, and fills a schema", async () => {
    const thought = await client.chat({ model: "tiny-chat", messages, think: true });
    expect(thought.message.thinking).toBe("thinking about: hello big world");
    const called = await client.chat({
      model: "tiny-chat",
      messages: [{ role: "user", content: "get_weather" }],
      tools,
    });
    expect(called.message.tool_calls?.[0]?.function).toEqual({
      name: "get_weather",
      arguments: { city: "city" },
    });
    const format = { type: "object", properties: { ok: { type: "boolean" } } };
    const shaped = await client.chat({ model: "tiny-chat", messages, format });
    expect(JSON.parse(shaped.message.content)).toEqual({ ok: true });
  });

  test("generates, and streams when it is not told otherwise", async () => {
    const reply = await fetch(`${upstream.origin}/api/generate`, {
      method: "POST",
      body: '{"model":"tiny-chat","prompt":"a b"}',
    });
    const lines = (await reply.text())
      .trim()
      .split("\n")
      .map((line): unknown => JSON.parse(line));
    expect(reply.headers.get("content-type")).toBe("application/x-ndjson");
    expect(lines).toHaveLength(4);
    expect(lines.at(-1)).toMatchObject({ done: true, response: "", prompt_eval_count: 2, eval_count: 3 });
  });

  test("cuts a long prompt without a word but in the count", async () => {
    const long = [{ role: "user", content: "word ".repeat(50).trim() }];
    expect((await client.chat({ model: "tiny-chat", messages: long })).prompt_eval_count).toBe(10);
    const wider = await client.chat({ model: "tiny-chat", messages: long, options: { num_ctx: 100 } });
    expect(wider.prompt_eval_count).toBe(54);
  });

  test("embeds a batch", async () => {
    const reply = await client.embed({ model: "tiny-embed", input: ["one two", "three"] });
    expect(reply.embeddings.map((vector) => vector.length)).toEqual([32, 32]);
    expect(reply.prompt_eval_count).toBe(3);
  });

  test("shows what a model is and can do", async () => {
    const shown = await client.show({ model: "tiny-chat" });
    expect(shown.capabilities).toEqual(["completion", "tools", "thinking"]);
    expect(shown.model_info).toMatchObject({ "llama.context_length": 10 });
    expect(shown.template).toContain("{{ .Prompt }}");
  });

  test("lists a model as loaded while it is, and unloads it", async () => {
    expect((await client.ps()).models).toEqual([]);
    await client.chat({ model: "tiny-chat", messages, keep_alive: "1h" });
    expect((await client.ps()).models).toMatchObject([{ name: "tiny-chat:latest", size_vram: 1_600_000 }]);
    const unloaded = await client.generate({ model: "tiny-chat", prompt: "", keep_alive: 0 });
    expect(unloaded.done_reason).toBe("unload");
    expect((await client.ps()).models).toEqual([]);
  });

  test("pulls with progress, copies and deletes; models come and go", async () => {
    const steps: string[] = [];
    for await (const step of await client.pull({ model: "fresh", stream: true })) steps.push(step.status);
    expect([steps[0], ...steps.slice(-3)]).toEqual([
      "pulling manifest",
      "verifying sha256 digest",
      "writing manifest",
      "success",
    ]);
    await client.copy({ source: "fresh", destination: "twin:v2" });
    await client.delete({ model: "fresh" });
    expect((await client.list()).models.map((model) => model.name)).toEqual([
      "tiny-chat:latest",
      "tiny-embed:latest",
      "twin:v2",
    ]);
  });

  test("has no model after a pull that was cut", async () => {
    upstream.script({ kind: "reset-after-events", events: 3 });
    const pull = async (): Promise<void> => {
      for await (const step of await client.pull({ model: "fresh", stream: true }))
        expect(step.status).not.toBe("success");
    };
    await expect(pull()).rejects.toThrow();
    expect((await client.list()).models).toHaveLength(2);
  });

  test("says in Ollama's words what it does not have", async () => {
    await expect(client.chat({ model: "nope", messages })).rejects.toMatchObject({
      status_code: 404,
      error: 'model "nope" not found, try pulling it first',
    });
    await expect(client.delete({ model: "nope" })).rejects.toMatchObject({ status_code: 404 });
    await expect(client.chat({ model: "tiny-embed", messages })).rejects.toThrow("does not support chat");
    await expect(client.pull({ model: "missing" })).rejects.toThrow("file does not exist");
    expect(await (await fetch(upstream.origin)).text()).toBe("Ollama is running");
    expect((await fetch(upstream.origin, { method: "HEAD" })).headers.get("content-length")).toBe("17");
    expect(await client.version()).toHaveProperty("version");
  });

  test("a mid-stream error is a line of its own", async () => {
    upstream.script({ kind: "error-event", events: 1 });
    const read = async (): Promise<void> => {
      for await (const part of await client.chat({ model: "tiny-chat", messages, stream: true }))
        expect(part.done).toBe(false);
    };
    await expect(read()).rejects.toThrow("internal error");
  });
});
