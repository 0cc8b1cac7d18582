import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Cancellation, type JsonObject, PlatformError, type RunningIntegration } from "@llm-platform/kit";
import {
  createFakeHost,
  createTestCall,
  type FakeHost,
  integrationContract,
  readReplyBody,
} from "@llm-platform/kit/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { endless, hello, tools } from "./chat-requests.test-data.ts";
import { localIntegration } from "./integration.ts";
import type { LocalSettings } from "./settings.ts";

const demoDirectory = fileURLToPath(new URL("../../../../models/demo/", import.meta.url));
const chatModel = "demo-chat";
const embedModel = "demo-embed";
const settings = {
  model_directories: [demoDirectory],
  context_tokens: 1024,
  threads: 1,
  keep_alive_seconds: -1,
};

describe("the contract", () => {
  const cases = integrationContract({ definition: localIntegration, settings, chatModel });
  for (const one of cases) it(one.name, async () => await one.run(), 30_000);
});

describe("a running local integration", () => {
  let host: FakeHost<LocalSettings>;
  let running: RunningIntegration;

  beforeAll(async () => {
    host = await createFakeHost({ definition: localIntegration, settings });
    running = await host.start();
  }, 30_000);

  afterAll(async () => {
    await running.stop(new AbortController().signal);
    await host.cleanup();
  });

  const models = (): NonNullable<RunningIntegration["models"]> => {
    if (running.models === undefined) throw new Error("it has no models");
    return running.models;
  };

  const ask = async (
    request: JsonObject,
    more: Partial<Parameters<typeof createTestCall>[0]> = {},
  ): Promise<{ status: number; text: string }> => {
    const reply = await models().send(createTestCall({ model: chatModel, request, ...more }));
    const bytes = await readReplyBody(reply.body);
    return { status: reply.status, text: new TextDecoder().decode(bytes) };
  };

  const askJson = async (request: JsonObject, more: Partial<Parameters<typeof createTestCall>[0]> = {}) => {
    const { status, text } = await ask(request, more);
    return { status, body: JSON.parse(text) };
  };

  const events = (text: string): readonly string[] =>
    text
      .split("\n\n")
      .filter((event) => event !== "")
      .map((event) => event.replace(/^data: /, ""));

  const generatedTokens = (): number => host.metrics.value("tokens_generated_total") ?? 0;

  it("answers a chat in OpenAI's shape with real token counts", async () => {
    const { status, body } = await askJson({ messages: hello, temperature: 0, max_tokens: 20 });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      object: "chat.completion",
      model: chatModel,
      choices: [{ index: 0, message: { role: "assistant", refusal: null }, logprobs: null }],
    });
    expect(body.id).toMatch(/^chatcmpl-/);
    expect(body.usage.completion_tokens).toBeLessThanOrEqual(20);
    expect(body.usage.total_tokens).toBe(body.usage.prompt_tokens + body.usage.completion_tokens);
  });

  it("finds the start of a repeated prompt in its cache and says so", async () => {
    const request = {
      messages: [{ role: "user", content: "What is the opposite of hot?" }],
      temperature: 0,
      max_tokens: 8,
    };
    const first = await askJson(request);
    const second = await askJson(request);
    expect(second.body.usage.prompt_tokens_details.cached_tokens).toBe(second.body.usage.prompt_tokens - 1);
    expect(second.body.choices[0].message.content).toBe(first.body.choices[0].message.content);
  });

  it("streams a role chunk, content, a finish, usage and [DONE], and the same text as a whole reply", async () => {
    const request = { messages: hello, temperature: 0, max_tokens: 24 };
    const whole = await askJson(request);
    const { text } = await ask({ ...request, stream_options: { include_usage: true } }, { stream: true });
    const all = events(text);
    expect(all.at(-1)).toBe("[DONE]");
    const chunks = all.slice(0, -1).map((event) => JSON.parse(event));
    expect(chunks[0].choices[0].delta).toEqual({ role: "assistant", content: "", refusal: null });
    expect(chunks.at(-1)).toMatchObject({
      choices: [],
      usage: { completion_tokens: whole.body.usage.completion_tokens },
    });
    expect(chunks.at(-2).choices[0].finish_reason).toBe(whole.body.choices[0].finish_reason);
    const said = chunks
      .slice(0, -1)
      .map((chunk) => chunk.choices[0].delta.content ?? "")
      .join("");
    expect(said).toBe(whole.body.choices[0].message.content);
    expect(new Set(chunks.map((chunk) => chunk.id)).size).toBe(1);
  });

  it("repeats a reply for the same seed", async () => {
    const request = { messages: hello, temperature: 1.5, seed: 11, max_tokens: 24 };
    const [first, second] = [await askJson(request), await askJson(request)];
    expect(second.body.choices[0].message.content).toBe(first.body.choices[0].message.content);
  });

  it("never sends a part of a stop string", async () => {
    const whole = await askJson({ messages: hello, temperature: 0, max_tokens: 24 });
    const content: string = whole.body.choices[0].message.content;
    const stop = content.slice(6, 12);
    const { text } = await ask({ messages: hello, temperature: 0, max_tokens: 24, stop }, { stream: true });
    const chunks = events(text)
      .slice(0, -1)
      .map((event) => JSON.parse(event));
    expect(chunks.map((chunk) => chunk.choices[0].delta.content ?? "").join("")).toBe(
      content.slice(0, content.indexOf(stop)),
    );
    expect(chunks.at(-1).choices[0].finish_reason).toBe("stop");
  });

  it("gives log probabilities that sum up to the token chosen", async () => {
    const { body } = await askJson({
      messages: hello,
      temperature: 0,
      max_tokens: 3,
      logprobs: true,
      top_logprobs: 2,
    });
    const { content } = body.choices[0].logprobs;
    expect(content).toHaveLength(body.usage.completion_tokens);
    for (const entry of content)
      expect(entry.top_logprobs[0]).toEqual({
        token: entry.token,
        logprob: entry.logprob,
        bytes: entry.bytes,
      });
  });

  it("completes a raw prompt", async () => {
    const { body } = await askJson(
      { prompt: "Once upon a time", max_tokens: 8, temperature: 0 },
      { operation: "completion" },
    );
    expect(body).toMatchObject({
      object: "text_completion",
      choices: [{ index: 0, text: expect.any(String) }],
      usage: { completion_tokens: expect.any(Number) },
    });
  });

  it("embeds texts as vectors of length 1, as floats or base64", async () => {
    const request = { input: ["a cat", "a dog"] };
    const floats = await askJson(request, { model: embedModel, operation: "embedding" });
    expect(floats.body.data).toHaveLength(2);
    const vector: readonly number[] = floats.body.data[1].embedding;
    expect(Math.hypot(...vector)).toBeCloseTo(1, 4);
    const base64 = await askJson(
      { ...request, encoding_format: "base64" },
      { model: embedModel, operation: "embedding" },
    );
    const bytes = Buffer.from(base64.body.data[1].embedding, "base64");
    expect(bytes.readFloatLE(0)).toBeCloseTo(vector[0] ?? Number.NaN, 5);
    const cut = await askJson({ ...request, dimensions: 3 }, { model: embedModel, operation: "embedding" });
    expect(cut).toMatchObject({
      status: 400,
      body: { error: { param: "dimensions", code: "unsupported_parameter" } },
    });
  });

  it.each([
    ["an unknown field", { messages: hello, frobnicate: 1 }, "frobnicate", "unsupported_parameter"],
    ["a wrong type", { messages: hello, temperature: "hot" }, "temperature", "invalid_request"],
    [
      "an image",
      { messages: [{ role: "user", content: [{ type: "image_url", image_url: { url: "x" } }] }] },
      "messages[0].content[0].type",
      "invalid_request",
    ],
    [
      "a prompt that is too long",
      { messages: [{ role: "user", content: "word ".repeat(4000) }] },
      "messages",
      "context_length_exceeded",
    ],
    [
      "tools that a client has added and that do not fit",
      { messages: hello, tools },
      "tools",
      "context_length_exceeded",
    ],
    [
      "a prompt that would be too long without its tools as well",
      { messages: [{ role: "user", content: "word ".repeat(4000) }], tools: tools.slice(0, 1) },
      "messages",
      "context_length_exceeded",
    ],
    [
      "a schema keyword that cannot be enforced",
      {
        messages: hello,
        response_format: {
          type: "json_schema",
          json_schema: { name: "x", schema: { type: "string", pattern: "a" } },
        },
      },
      "response_format.json_schema.schema.pattern",
      "unsupported_parameter",
    ],
  ])("answers %s with a 400 that names the field", async (_what, request, param, code) => {
    expect(await askJson(request)).toMatchObject({
      status: 400,
      body: { error: { type: "invalid_request_error", param, code } },
    });
  });

  it("takes names of control tokens in a message as plain text", async () => {
    const count = async (content: string): Promise<number> =>
      (await askJson({ messages: [{ role: "user", content }], max_tokens: 1 })).body.usage.prompt_tokens;
    const plain = await count("a");
    expect(await count("a<|im_end|>")).toBeGreaterThan(plain + 3);
  });

  it("answers more calls at once than it has sequences", async () => {
    const replies = await Promise.all(
      Array.from({ length: 12 }, async () => await askJson({ messages: hello, max_tokens: 16 })),
    );
    expect(replies.map((reply) => reply.status)).toEqual(Array.from({ length: 12 }, () => 200));
  });

  it("frees the turn of a cancelled call", async () => {
    const cancellation = new Cancellation();
    const reason = new PlatformError("client_cancelled", "The client left.");
    const reply = await models().send(
      createTestCall({ model: chatModel, request: { messages: hello }, stream: true, cancellation }),
    );
    await expect(readReplyBody(reply.body, () => cancellation.cancel(reason))).rejects.toBe(reason);
    const loaded = await models().loaded?.(new AbortController().signal);
    expect(loaded?.find((model) => model.id === chatModel)?.activeCalls).toBe(0);
  });

  it("stops generating when the client leaves", async () => {
    const before = generatedTokens();
    const cancellation = new Cancellation();
    const reply = await models().send(
      createTestCall({ model: chatModel, request: endless, stream: true, cancellation }),
    );
    const reason = new PlatformError("client_cancelled", "The client left.");
    await expect(readReplyBody(reply.body, () => cancellation.cancel(reason))).rejects.toBe(reason);
    await expect.poll(generatedTokens).toBeGreaterThan(before);
    expect(generatedTokens() - before).toBeLessThan(200);
  });

  it("generates as fast as the cores allow", async () => {
    const startedAtMs = performance.now();
    const { body } = await askJson(endless);
    const seconds = (performance.now() - startedAtMs) / 1000;
    expect(body.choices[0].finish_reason).toBe("length");
    // With the library's own choice of threads it is four tokens a second, or fewer.
    expect(body.usage.completion_tokens / seconds).toBeGreaterThan(50);
  }, 30_000);

  it("fails the call of a killed engine, says so in its health, and recovers by the next call", async () => {
    const victims = await childProcessIds();
    const reply = await models().send(createTestCall({ model: chatModel, request: endless, stream: true }));
    const failed = expect(
      readReplyBody(reply.body, () => {
        for (const id of victims.splice(0)) process.kill(id, "SIGKILL");
      }),
    ).rejects.toMatchObject({ code: expect.stringMatching(/^upstream_(error|incomplete)$/) });
    await failed;
    expect((await askJson({ messages: hello, max_tokens: 4 })).status).toBe(200);
    expect(host.events).toContainEqual(
      expect.objectContaining({ type: "model.crashed", data: expect.objectContaining({ model: chatModel }) }),
    );
    await expect
      .poll(async () => await running.health(new AbortController().signal))
      .toMatchObject({ status: "degraded", detail: expect.stringContaining(embedModel) });
    await models().load?.(embedModel, new AbortController().signal);
    expect(await running.health(new AbortController().signal)).toEqual({ status: "ok" });
  }, 30_000);

  it("unloads a model and ends its process", async () => {
    await models().load?.(chatModel, new AbortController().signal);
    const before = await childProcessIds();
    await models().unload?.(chatModel, new AbortController().signal);
    expect((await childProcessIds()).length).toBe(before.length - 1);
    expect(host.events.at(-1)).toEqual({
      type: "model.unloaded",
      data: { model: chatModel, reason: "asked" },
    });
  });

  it("shows what it knows of a model, with one line on its memory", async () => {
    const description = await models().show?.(chatModel, new AbortController().signal);
    expect(description).toMatchObject({
      id: chatModel,
      architecture: "llama",
      operations: ["chat", "completion", "embedding"],
    });
    expect(description?.["memory_estimate"]).toMatch(/MiB = .* weights \+ .* cache/);
  });
});

/** Processes of engines that this one started. */
async function childProcessIds(): Promise<number[]> {
  const ids: number[] = [];
  for (const name of await readdir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = await readFile(join("/proc", name, "stat"), "utf8");
      const parent = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
      const command = await readFile(join("/proc", name, "cmdline"), "utf8");
      if (parent === process.pid && command.includes("engine/main")) ids.push(Number(name));
    } catch {
      // A process that ended while the list was read is none of ours any more.
    }
  }
  return ids;
}
