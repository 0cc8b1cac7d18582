import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { JsonObject, ModelPlatform, ModelSettings, RunningIntegration } from "@llm-platform/kit";
import { createFakeHost, createTestCall, type FakeHost, readReplyBody } from "@llm-platform/kit/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { localIntegration } from "./integration.ts";
import type { LocalSettings } from "./settings.ts";

const demo = fileURLToPath(new URL("../../../../models/demo/demo-chat.gguf", import.meta.url));
const signal = new AbortController().signal;
const hello = [{ role: "user", content: "Hello!" }];

let folder: string;
let host: FakeHost<LocalSettings>;
let running: RunningIntegration;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "llmp-settings-"));
  await copyFile(demo, join(folder, "one.gguf"));
  await copyFile(demo, join(folder, "two.gguf"));
  host = await createFakeHost({
    definition: localIntegration,
    settings: {
      model_directories: [folder],
      context_tokens: 512,
      threads: 1,
      keep_alive_seconds: -1,
      max_loaded_models: 1,
      max_loads_per_minute: 30,
    },
  });
  running = await host.start();
}, 60_000);

afterAll(async () => {
  await running.stop(signal);
  await host.cleanup();
  await rm(folder, { recursive: true });
});

function models(): ModelPlatform {
  if (running.models === undefined) throw new Error("it has no models");
  return running.models;
}

function settings(): ModelSettings {
  const { settings: found } = models();
  if (found === undefined) throw new Error("it has no settings");
  return found;
}

async function ask(model: string, request: JsonObject = {}) {
  const reply = await models().send(
    createTestCall({ model, request: { messages: hello, max_tokens: 4, ...request } }),
  );
  return JSON.parse(new TextDecoder().decode(await readReplyBody(reply.body)));
}

function loads(): number {
  return host.events.filter(({ type }) => type === "model.loaded").length;
}

describe("settings of a model", () => {
  it("change how it answers, and are kept over a restart", async () => {
    const before = await ask("one");
    const view = await settings().set("one", {
      system_prompt: "You are a pirate.",
      max_tokens: 2,
      temperature: 0,
    });
    expect(view.settings).toEqual({ system_prompt: "You are a pirate.", max_tokens: 2, temperature: 0 });
    const after = await ask("one", { max_tokens: null });
    expect(after.usage.prompt_tokens).toBeGreaterThan(before.usage.prompt_tokens);
    expect(after.usage.completion_tokens).toBe(2);
    const own = await ask("one", { messages: [{ role: "system", content: "" }, ...hello] });
    expect(own.usage.prompt_tokens).toBeLessThan(after.usage.prompt_tokens);

    await running.stop(signal);
    running = await host.start();
    expect((await settings().get("one")).settings).toMatchObject({ max_tokens: 2 });
    expect((await settings().reset("one", ["max_tokens", "temperature"])).settings).toEqual({
      system_prompt: "You are a pirate.",
    });
    expect((await settings().reset("one")).settings).toEqual({});
    expect((await ask("one")).usage.prompt_tokens).toBe(before.usage.prompt_tokens);
  }, 60_000);

  it("load it anew once the call in progress has ended in peace", async () => {
    const call = createTestCall({
      model: "one",
      request: { messages: hello, max_tokens: 400 },
      stream: true,
    });
    const reply = await models().send(call);
    const loaded = loads();
    const { isReloadPending } = await settings().set("one", {
      context_tokens: 256,
      threads: 1,
      batch_tokens: 64,
    });
    expect(isReloadPending).toBe(true);
    expect(new TextDecoder().decode(await readReplyBody(reply.body))).toContain("[DONE]");
    const long = { messages: [{ role: "user", content: "word ".repeat(300) }] };
    expect(await ask("one", long)).toMatchObject({ error: { code: "context_length_exceeded" } });
    expect(loads()).toBe(loaded + 1);
    expect((await settings().get("one")).isReloadPending).toBe(false);
    await settings().reset("one");
  }, 60_000);

  it("change the rope of the model and its template", async () => {
    const plain = await ask("one", { temperature: 0, max_tokens: 12 });
    await settings().set("one", { rope_frequency_base: 20, rope_frequency_scale: 0.1 });
    const bent = await ask("one", { temperature: 0, max_tokens: 12 });
    expect(bent.choices[0].message.content).not.toBe(plain.choices[0].message.content);
    await settings().reset("one");
    await settings().set("one", { chat_template: "{{ messages[0].content }}{{ messages[0].content }}" });
    expect((await ask("one")).usage.prompt_tokens).not.toBe(plain.usage.prompt_tokens);
    await settings().reset("one");
  }, 60_000);

  it.each([
    [{ temperature: 3 }, "invalid_request", "settings.temperature"],
    [{ colour: "red" }, "invalid_request", "settings.colour"],
    [{ context_tokens: 1 }, "invalid_request", "settings.context_tokens"],
    [{ chat_template: "{% if %}" }, "invalid_request", "settings.chat_template"],
    [{ chat_template: "{{ messages.__class__ }}" }, "invalid_request", "settings.chat_template"],
    [{ adapters: [{ path: "/etc/passwd" }] }, "invalid_request", "settings.adapters"],
    [{ adapters: [{ path: "one" }] }, "invalid_request", "settings.adapters"],
    [{ aliases: ["two"] }, "conflict", "settings.aliases"],
    [{ batch_tokens: 32, adapters: "x" }, "invalid_request", "settings.adapters"],
  ])("are refused with the field where they cannot hold: %j", async (wanted, code, field) => {
    await expect(settings().set("one", wanted)).rejects.toMatchObject({ code, field });
    expect((await settings().get("one")).settings).toEqual({});
  });

  it("give further names, and make a model of another without a file", async () => {
    await settings().set("one", { aliases: ["uno"] });
    await models().create?.("pirate", "uno", { system_prompt: "You are a pirate.", seed: 1 });
    const ids = (await models().list(signal)).map(({ id }) => id);
    expect(ids).toEqual(["one", "uno", "two", "pirate"]);
    expect((await ask("uno")).object).toBe("chat.completion");
    expect(await models().show?.("pirate", signal)).toMatchObject({ made_of: "one", settings: { seed: 1 } });
    await expect(models().create?.("two", "one", {})).rejects.toMatchObject({ code: "conflict" });
    await expect(models().delete?.("one", signal)).rejects.toMatchObject({ code: "conflict" });
    await models().delete?.("pirate", signal);
    await settings().reset("one");
    expect((await models().list(signal)).map(({ id }) => id)).toEqual(["one", "two"]);
  }, 60_000);
});

describe("two models with room for one", () => {
  it("are served in turns, without a load for every call", async () => {
    const untilMs = performance.now() + 12_000;
    const before = loads();
    const served = { one: 0, two: 0 };
    const askOn = async (model: keyof typeof served): Promise<void> => {
      while (performance.now() < untilMs) {
        await ask(model);
        served[model] += 1;
      }
    };
    await Promise.all([askOn("one"), askOn("two")]);
    const made = loads() - before;
    // A turn is two seconds: in twelve there are six, and a load of the other model at the end.
    expect(made).toBeGreaterThanOrEqual(2);
    expect(made).toBeLessThanOrEqual(8);
    expect(Math.min(served.one, served.two)).toBeGreaterThan(Math.max(served.one, served.two) / 10);
    expect(served.one + served.two).toBeGreaterThan(made * 3);
  }, 60_000);
});
