import { fileURLToPath } from "node:url";
import type { JsonObject, RunningIntegration } from "@llm-platform/kit";
import { createFakeHost, createTestCall, type FakeHost, readReplyBody } from "@llm-platform/kit/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { hello, weather } from "./chat-requests.test-data.ts";
import { localIntegration } from "./integration.ts";
import type { LocalSettings } from "./settings.ts";

const demoDirectory = fileURLToPath(new URL("../../../../models/demo/", import.meta.url));

let host: FakeHost<LocalSettings>;
let running: RunningIntegration;

beforeAll(async () => {
  const settings = {
    model_directories: [demoDirectory],
    context_tokens: 1024,
    threads: 1,
    keep_alive_seconds: -1,
  };
  host = await createFakeHost({ definition: localIntegration, settings });
  running = await host.start();
}, 30_000);

afterAll(async () => {
  await running.stop(new AbortController().signal);
  await host.cleanup();
});

async function ask(request: JsonObject, more: { readonly stream?: boolean } = {}): Promise<string> {
  const reply = await running.models?.send(createTestCall({ model: "demo-chat", request, ...more }));
  if (reply === undefined) throw new Error("it has no models");
  return new TextDecoder().decode(await readReplyBody(reply.body));
}

const askJson = async (request: JsonObject) => JSON.parse(await ask(request));

it("calls a required tool with arguments that fit its schema", async () => {
  const request = {
    messages: [{ role: "user", content: "What is the weather in Paris?" }],
    tools: [weather],
    tool_choice: "required",
    temperature: 0,
  };
  const body = await askJson(request);
  const [choice] = body.choices;
  expect(choice.finish_reason).toBe("tool_calls");
  expect(choice.message.content).toBeNull();
  expect(choice.message.tool_calls[0].function.name).toBe("get_weather");
  expect(JSON.parse(choice.message.tool_calls[0].function.arguments)).toEqual({ city: expect.any(String) });
  const events = (await ask(request, { stream: true }))
    .split("\n\n")
    .map((event) => event.replace(/^data: /, ""));
  const chunks = events.filter((event) => event.startsWith("{")).map((event) => JSON.parse(event));
  const deltas = chunks.flatMap((chunk) => chunk.choices[0].delta.tool_calls ?? []);
  expect(deltas[0].function).toEqual({ name: "get_weather", arguments: "" });
  expect(deltas.map((delta) => delta.function.arguments).join("")).toBe(
    choice.message.tool_calls[0].function.arguments,
  );
});

it("ends a reply that would call without end", async () => {
  const body = await askJson({
    messages: [{ role: "user", content: "What is the weather in Paris?" }],
    tools: [weather],
    tool_choice: "required",
    temperature: 0,
    // The end of a line, with which another call begins, goes before the end of the reply.
    logit_bias: { 360: 100 },
  });
  const [choice] = body.choices;
  expect(choice.finish_reason).toBe("tool_calls");
  expect(choice.message.content).toBeNull();
  expect(choice.message.tool_calls).toHaveLength(16);
});

it("keeps to a JSON schema", async () => {
  const schema = {
    type: "object",
    properties: { city: { type: "string", maxLength: 12 }, size: { enum: ["small", "big"] } },
    required: ["size"],
    additionalProperties: false,
  };
  const body = await askJson({
    messages: hello,
    max_tokens: 200,
    response_format: { type: "json_schema", json_schema: { name: "city", schema } },
  });
  const value = JSON.parse(body.choices[0].message.content);
  expect(["small", "big"]).toContain(value.size);
  expect(Object.keys(value).filter((key) => key !== "city" && key !== "size")).toEqual([]);
});

it("answers with JSON or a call where both are asked for", async () => {
  const schema = {
    type: "object",
    properties: { city: { type: "string", maxLength: 8 } },
    required: ["city"],
  };
  const body = await askJson({
    messages: hello,
    max_tokens: 200,
    tools: [weather],
    response_format: { type: "json_schema", json_schema: { name: "city", schema } },
  });
  const { message } = body.choices[0];
  const text = message.tool_calls?.[0].function.arguments ?? message.content;
  expect(JSON.parse(text)).toEqual({ city: expect.any(String) });
});
