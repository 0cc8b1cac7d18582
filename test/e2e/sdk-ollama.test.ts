import { Ollama } from "ollama";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createFakeUpstream, type FakeUpstream } from "../fakes/fake-upstream.ts";
import { ollamaIntegration, type Platform, startPlatform } from "./start-platform.ts";

let platform: Platform;
let upstream: FakeUpstream;
let client: Ollama;

beforeAll(async () => {
  upstream = await createFakeUpstream({ dialect: "ollama" });
  platform = await startPlatform({
    config: { integrations: [ollamaIntegration("ollama", upstream.origin)] },
  });
  // The client knows Ollama's own paths only; here they lie under /local/ollama.
  client = new Ollama({
    host: platform.url,
    fetch: (input, init) => fetch(String(input).replace("/api/", "/local/ollama/"), init),
  });
});

afterAll(async () => {
  await platform?.stop();
  await upstream?.stop();
});

async function collectAll<Item>(items: AsyncIterable<Item>): Promise<readonly Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

const question = { model: "tiny-chat:latest", prompt: "green robots like tea" };

test("Ollama's own client generates a whole answer", async () => {
  expect(await client.generate({ ...question, stream: false })).toMatchObject({
    response: "echo: green robots like tea",
    done: true,
    done_reason: "stop",
    eval_count: expect.any(Number),
  });
});

test("Ollama's own client generates an answer piece by piece, and it is in the ledger", async () => {
  const parts = await collectAll(await client.generate({ ...question, stream: true }));
  expect(parts.length).toBeGreaterThan(3);
  expect(parts.map(({ response }) => response).join("")).toBe("echo: green robots like tea");
  expect(parts.map(({ done }) => done)).toEqual([...parts.slice(1).map(() => false), true]);
  const rows = await platform.ledgerRows({ count: 2 });
  expect(rows.at(-1)).toMatchObject({ integration: "ollama", outcome: "stop", stream: true });
});

test("Ollama's own client meets an unknown model as an error", async () => {
  await expect(client.generate({ ...question, model: "no-such-model", stream: false })).rejects.toMatchObject(
    {
      status_code: 404,
      message: expect.stringContaining("no-such-model"),
    },
  );
});

test("Ollama's own client is told that a stream broke off", async () => {
  upstream.script({ kind: "reset-after-events", events: 2 });
  await expect(collectAll(await client.generate({ ...question, stream: true }))).rejects.toThrow();
});

test("Ollama's own client sees how a pull goes on, and the model can be called after it", async () => {
  const steps = await collectAll(await client.pull({ model: "tiny-new", stream: true }));
  expect(steps.at(-1)).toMatchObject({ status: "success" });
  const listed = await fetch(`${platform.url}/local/ollama/models`);
  expect(await listed.json()).toMatchObject({
    models: expect.arrayContaining([expect.objectContaining({ name: "tiny-new:latest" })]),
  });
  const answered = await client.generate({ ...question, model: "tiny-new:latest", stream: false });
  expect(answered).toMatchObject({ done: true });
});

test("a name without a tag is the latest, as Ollama itself has it", async () => {
  expect(await client.generate({ ...question, model: "tiny-chat", stream: false })).toMatchObject({
    response: "echo: green robots like tea",
    done: true,
  });
});
