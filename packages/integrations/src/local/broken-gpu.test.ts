import { fileURLToPath } from "node:url";
import type { RunningIntegration } from "@llm-platform/kit";
import { createFakeHost, createTestCall, type FakeHost, readReplyBody } from "@llm-platform/kit/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hello } from "./chat-requests.test-data.ts";
import { localIntegration } from "./integration.ts";
import type { LocalSettings } from "./settings.ts";

const demoDirectory = fileURLToPath(new URL("../../../../models/demo/", import.meta.url));
const brokenGpu = new URL("./broken-gpu.test-data.ts", import.meta.url).href;
const chatModel = "demo-chat";
const reason = "CUDA error: the provided PTX was compiled with an unsupported toolchain.";

describe("a GPU that ends the engine at its first step", () => {
  let host: FakeHost<LocalSettings>;
  let running: RunningIntegration;
  const flags = process.env["NODE_OPTIONS"];

  beforeAll(async () => {
    process.env["NODE_OPTIONS"] = `--import ${brokenGpu}`;
    host = await createFakeHost({
      definition: localIntegration,
      settings: {
        model_directories: [demoDirectory],
        context_tokens: 256,
        threads: 1,
        gpu: "auto",
        keep_alive_seconds: -1,
      },
    });
    running = await host.start();
  }, 30_000);

  afterAll(async () => {
    if (flags === undefined) delete process.env["NODE_OPTIONS"];
    else process.env["NODE_OPTIONS"] = flags;
    await running.stop(new AbortController().signal);
    await host.cleanup();
  });

  const models = (): NonNullable<RunningIntegration["models"]> => {
    if (running.models === undefined) throw new Error("it has no models");
    return running.models;
  };
  const chat = async () => {
    const request = { messages: hello, max_tokens: 4 };
    const reply = await models().send(createTestCall({ model: chatModel, request }));
    await readReplyBody(reply.body);
    return reply.status;
  };
  const eventTypes = () => host.events.map(({ type }) => type);
  const signal = new AbortController().signal;

  it("costs no call: the model is loaded once more without it", async () => {
    expect(await chat()).toBe(200);
    expect(eventTypes()).toEqual(["model.gpu_unusable", "model.load_failed", "model.loaded"]);
    expect(host.events).toContainEqual({
      type: "model.gpu_unusable",
      data: { model: chatModel, reason },
    });
  }, 120_000);

  it("is told of the model and in the health, with the library's words and the remedy", async () => {
    const told = expect.stringContaining(reason);
    expect(await models().loaded?.(signal)).toMatchObject([{ id: chatModel, notice: told }]);
    expect(await models().show?.(chatModel, signal)).toMatchObject({ notice: told });
    const health = await running.health(signal);
    expect(health).toMatchObject({ status: "degraded", detail: told });
    expect(health).toMatchObject({ detail: expect.stringContaining("driver") });
  });

  it("is not tried again when the model is loaded again, until its settings change", async () => {
    await models().unload?.(chatModel, signal);
    expect(await chat()).toBe(200);
    expect(eventTypes().filter((type) => type === "model.gpu_unusable")).toHaveLength(1);
    await models().settings?.set(chatModel, { gpu_layers: 1 });
    await models().unload?.(chatModel, signal);
    expect(await chat()).toBe(200);
    expect(eventTypes().filter((type) => type === "model.gpu_unusable")).toHaveLength(2);
  }, 120_000);
});
