import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ask } from "./http.ts";
import { type Platform, startPlatform } from "./start-platform.ts";

const demoModel = fileURLToPath(new URL("../../models/demo/demo-chat.gguf", import.meta.url));
const keys = { alice: "the-key-of-alice-0123456789", bob: "the-key-of-bob-0123456789" };
const adminKey = "the-key-of-the-admin-0123456789";
const models = ["one", "two"] as const;
const maxLoadsPerMinute = 8;
/** Within the minute that the bound is about, and long enough for it to be reached. */
const seconds = 30;

let folder: string;
let platform: Platform;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "llm-model-turns-"));
  for (const model of models) await copyFile(demoModel, join(folder, `${model}.gguf`));
  const users = Object.entries(keys).map(([name, key]) => ({ name, key }));
  platform = await startPlatform({
    config: {
      auth: { api_keys: [...users, { name: "admin", key: adminKey, role: "admin" }] },
      integrations: [
        {
          name: "local",
          use: "local",
          settings: {
            model_directories: [folder],
            context_tokens: 512,
            threads: 1,
            parallel: 1,
            max_loaded_models: 1,
            max_loads_per_minute: maxLoadsPerMinute,
            queue_wait_seconds: 120,
          },
        },
      ],
    },
  });
});

afterAll(async () => {
  await platform?.stop();
  await rm(folder, { recursive: true, force: true });
});

async function loads(): Promise<number> {
  const { json } = await ask(platform, "/integrations/events?limit=1000", {
    headers: { authorization: `Bearer ${adminKey}` },
  });
  return JSON.stringify(json).split('"model.loaded"').length - 1;
}

test("two users who go back and forth between two models with room for one have fair turns, and loads stay within their bound", async () => {
  const untilMs = performance.now() + seconds * 1_000;
  const served: { user: string; model: string }[] = [];
  const faults: unknown[] = [];
  const goBackAndForth = async (user: keyof typeof keys): Promise<void> => {
    for (let turn = 0; performance.now() < untilMs; turn += 1) {
      const model = models[turn % 2] ?? "one";
      // A few calls at each, as people do.
      for (let call = 0; call < 3 && performance.now() < untilMs; call += 1) {
        const answer = await ask(platform, "/v1/chat/completions", {
          method: "POST",
          body: { model, messages: [{ role: "user", content: "Hello!" }], max_tokens: 4 },
          headers: { authorization: `Bearer ${keys[user]}` },
        });
        if (answer.status === 200) served.push({ user, model });
        else faults.push(answer.json);
      }
    }
  };
  const all = Promise.all([goBackAndForth("alice"), goBackAndForth("bob")]);
  await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
  const count = (wanted: Partial<(typeof served)[number]>): number =>
    served.filter(({ user, model }) => (wanted.user ?? user) === user && (wanted.model ?? model) === model)
      .length;
  const [alice, bob, made] = [count({ user: "alice" }), count({ user: "bob" }), await loads()];
  expect(faults).toEqual([]);
  expect(made).toBeGreaterThan(2);
  expect(made).toBeLessThanOrEqual(maxLoadsPerMinute);
  expect(Math.abs(alice - bob)).toBeLessThanOrEqual(6);
  expect(Math.min(count({ model: "one" }), count({ model: "two" }))).toBeGreaterThan(0);
  await all;
  expect(faults).toEqual([]);
}, 180_000);
