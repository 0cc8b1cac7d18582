import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findService } from "../../tools/services.ts";
import { createFakeUpstream, type FakeUpstream } from "../fakes/fake-upstream.ts";
import { openAiIntegration, type Platform, startPlatform } from "./start-platform.ts";

// The vendors' SDKs for Python come together.
const python = findService("openai");
const program = fileURLToPath(new URL("./sdk-python.py", import.meta.url));
const key = "llmp_key_of_the_python_sdks";

describe.skipIf(python === undefined)("the SDKs for Python", () => {
  let upstream: FakeUpstream;
  let broken: FakeUpstream;
  let platform: Platform;
  const outcomes = new Map<unknown, unknown>();

  beforeAll(async () => {
    upstream = await createFakeUpstream({ dialect: "openai" });
    broken = await createFakeUpstream({ dialect: "openai" });
    broken.always({ kind: "reset-after-events", events: 3 });
    platform = await startPlatform({
      config: {
        auth: { api_keys: [{ name: "python", key }] },
        integrations: [
          openAiIntegration("fake", upstream.origin),
          openAiIntegration("broken", broken.origin),
          { name: "local", use: "local" },
        ],
      },
    });
    const child = spawn(python ?? "", [program, platform.url, key], { stdio: ["ignore", "pipe", "inherit"] });
    for (const line of (await text(child.stdout)).trim().split("\n")) {
      const { step, ...outcome } = JSON.parse(line);
      outcomes.set(step, outcome);
    }
  }, 120_000);

  afterAll(async () => {
    await platform.stop();
    await Promise.all([upstream.stop(), broken.stop()]);
  });

  const someModels = expect.arrayContaining(["demo-chat", "demo-embed"]);
  const echo = "echo: one two three";
  test.each([
    ["openai models", someModels],
    ["openai chat", echo],
    ["openai stream", { text: echo, tokens: expect.any(Number) }],
    ["openai parsed", ["is_capital", "name"]],
    ["openai tool", ["tool_calls", ["get_weather"]]],
    ["openai completion", 4],
    ["openai embedding", 128],
    ["openai responses", ["echo: one two", true, 3]],
    ["openai response stream", ["response.created", "response.completed", echo]],
    ["openai together", 8],
    ["anthropic models", someModels],
    ["anthropic message", echo],
    ["anthropic stream", [echo, "end_turn"]],
    ["anthropic tool", ["tool_use", ["get_weather"]]],
    ["anthropic count", expect.any(Number)],
    ["ollama list", expect.arrayContaining(["demo-chat:latest", "demo-embed:latest"])],
    ["ollama chat", echo],
    ["ollama stream", [echo, "stop"]],
    ["ollama parsed", ["is_capital", "name"]],
    ["ollama generate", "length"],
    ["ollama embed", 2],
    ["ollama show", expect.arrayContaining(["completion"])],
  ])("%s", (step, result) => {
    expect(outcomes.get(step)).toEqual({ result });
  });

  test.each([
    ["openai broken stream", { error: "APIError", code: "upstream_incomplete" }],
    [
      "openai unknown model",
      { error: "NotFoundError", status: 404, code: "model_not_found", param: "model" },
    ],
    ["openai wrong field", { error: "BadRequestError", status: 400, param: "temperature" }],
    ["openai wrong key", { error: "AuthenticationError", status: 401 }],
    ["anthropic broken stream", { body: { type: "error", error: { type: "api_error" } } }],
    ["anthropic unknown model", { error: "NotFoundError", status: 404 }],
    ["ollama broken stream", { error: "ResponseError" }],
    ["ollama unknown model", { error: "ResponseError", status: 404 }],
  ])("%s: it says so", (step, error) => {
    expect(outcomes.get(step)).toMatchObject(error);
  });
});
