import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { createFakeUpstream, type FakeUpstream } from "../fakes/fake-upstream.ts";
import { runLlmp } from "./cli-process.ts";
import { ask, chat } from "./http.ts";
import { openAiIntegration, type Platform, startPlatform } from "./start-platform.ts";
import { startWithWorkers } from "./worker-platform.ts";

const prices = "/api/v1/prices";
const rootKey = "a-key-of-the-configuration-0123456789";

let upstream: FakeUpstream;
let platform: Platform;

function configOf() {
  return {
    integrations: [openAiIntegration("fake", upstream.origin)],
    prices: [{ model: "tiny-chat", input_per_million: 2, output_per_million: 10, currency: "EUR" }],
  };
}

beforeAll(async () => {
  upstream = await createFakeUpstream({ dialect: "openai" });
  platform = await startPlatform({ config: configOf() });
});
afterAll(async () => {
  await platform.stop();
  await upstream.stop();
});

const row = z.looseObject({
  request_id: z.string(),
  started_at: z.string(),
  duration_ms: z.number(),
  input_tokens: z.number(),
  cost_micros: z.number().nullable(),
  currency: z.string().nullable(),
  price_version: z.string().nullable(),
});
type Row = z.output<typeof row>;

const shown = z.looseObject({ version: z.string(), source: z.string(), model: z.string() });
const list = z.object({ prices: z.array(shown), unpriced: z.array(z.unknown()) });

async function put(on: Platform, price: object): Promise<z.output<typeof shown>> {
  const answer = await ask(on, prices, { method: "PUT", body: price });
  expect(answer.status, answer.text).toBe(200);
  return shown.parse(answer.json);
}

async function listed(query: string): Promise<z.output<typeof list>> {
  return list.parse((await ask(platform, `${prices}?${query}`)).json);
}

/** A call, and its record. */
async function call(on: Platform): Promise<Row> {
  const { requestId } = await chat(on, "fake/tiny-chat");
  await on.ledgerRows({ count: 1, requestId });
  return recordOf(on, requestId);
}

async function recordOf(on: Platform, requestId: string): Promise<Row> {
  const { json } = await ask(on, `/api/v1/usage/records?request_id=${requestId}`);
  const [found] = z.object({ usage: z.array(row) }).parse(json).usage;
  if (found === undefined) throw new Error(`no record of ${requestId}`);
  return found;
}

const tiny = { model: "tiny-chat", input_per_million: 1_000, output_per_million: 0 };

test("a price counts from the next call on, and no call before it costs anything else, not even when reckoned anew", async () => {
  const first = await call(platform);
  expect(first.price_version).toMatch(/^config:/);
  const set = await put(platform, tiny);
  const second = await call(platform);
  expect(second).toMatchObject({
    price_version: set.version,
    currency: "USD",
    cost_micros: second.input_tokens * 1_000,
  });
  const later = await put(platform, {
    ...tiny,
    input_per_million: 5_000,
    effective_from: "2100-01-01T00:00:00Z",
  });
  const third = await call(platform);
  expect(third.price_version).toBe(set.version);
  const again = await put(platform, { ...tiny, input_per_million: 3_000 });
  expect((await call(platform)).price_version).toBe(again.version);
  const repriced = await ask(platform, "/api/v1/usage/reprice", { body: { from: "2020-01-01T00:00:00Z" } });
  expect(repriced.json).toMatchObject({ examined: 4, changed: 0 });
  expect(await recordOf(platform, first.request_id)).toEqual(first);
  expect((await listed("model=tiny-chat")).prices.map(({ version }) => version)).toEqual([
    again.version,
    first.price_version,
  ]);
  expect((await listed("model=tiny-chat&when=later")).prices.map(({ version }) => version)).toEqual([
    later.version,
  ]);
  expect((await listed("model=tiny-chat&at=2100-01-01T00:00:00Z")).prices[0]?.version).toBe(later.version);
  expect((await listed(`at=${second.started_at}&source=operator`)).prices[0]?.version).toBe(set.version);
});

test("a price that was deleted holds no more from then on, and the configuration's holds again", async () => {
  await put(platform, tiny);
  await put(platform, { ...tiny, effective_from: "2100-01-01T00:00:00Z" });
  const before = await call(platform);
  expect(before.price_version).toMatch(/^operator:/);
  const deleted = await ask(platform, `${prices}?model=tiny-chat`, { method: "DELETE" });
  expect(deleted.status, deleted.text).toBe(200);
  expect((await call(platform)).price_version).toMatch(/^config:/);
  expect((await listed("model=tiny-chat&at=2100-01-02T00:00:00Z&source=operator")).prices).toEqual([]);
  const { json } = await ask(platform, "/api/v1/usage/reprice", { body: { from: "2020-01-01T00:00:00Z" } });
  expect(json).toMatchObject({ changed: 0 });
  const again = await ask(platform, `${prices}?model=tiny-chat`, { method: "DELETE" });
  expect(again.status).toBe(404);
});

test("a wrong cost is mended by a price of the past, when it is asked for", async () => {
  const { requestId } = await ask(platform, "/v1/embeddings", {
    body: { model: "fake/tiny-embed", input: "one two" },
  });
  await platform.ledgerRows({ count: 1, requestId });
  const record = await recordOf(platform, requestId);
  expect(record).toMatchObject({ cost_micros: null, price_version: null });
  expect((await listed("")).unpriced).toContainEqual({
    integration: "fake",
    model: "tiny-embed",
    attempts: 1,
  });
  const set = await put(platform, {
    model: "tiny-em*",
    integration: "fake",
    per_second: 0.5,
    effective_from: record.started_at,
  });
  expect(await recordOf(platform, record.request_id)).toEqual(record);
  await ask(platform, "/api/v1/usage/reprice", { body: { from: "2020-01-01T00:00:00Z" } });
  expect(await recordOf(platform, record.request_id)).toMatchObject({
    cost_micros: record.duration_ms * 500,
    price_version: set.version,
  });
});

test("the time of a call has a price, by the second or by what the machine draws, and zero is free", async () => {
  const scope = { model: "tiny-chat", integration: "fake" };
  await put(platform, { ...scope, per_second: 1, energy: { watts: 1_000_000, price_per_kwh: 3.6 } });
  const timed = await call(platform);
  expect(timed.cost_micros).toBe(timed.duration_ms * 2_000);
  await put(platform, { ...scope, input_per_million: 0, output_per_million: 0 });
  expect((await call(platform)).cost_micros).toBe(0);
  await ask(platform, `${prices}?model=tiny-chat&integration=fake`, { method: "DELETE" });
});

test.each([
  [{ input_per_million: 1, output_per_million: 1 }, "model"],
  [{ model: "m" }, "input_per_million"],
  [{ model: "m", input_per_million: 1 }, "output_per_million"],
  [{ model: "m", input_per_million: -1, output_per_million: 1 }, "input_per_million"],
  [{ model: "m", per_second: 1, currency: "dollars" }, "currency"],
  [{ model: "m", per_second: 1, effective_from: "tomorrow" }, "effective_from"],
  [{ model: "m", energy: { watts: 1 } }, "energy"],
])("%j is refused with the field named", async (body, field) => {
  const { status, text } = await ask(platform, prices, { method: "PUT", body });
  expect(status).toBe(400);
  expect(text).toContain(field);
});

test("a price bites in every worker at once, survives a restart, and is on record with what was before", async () => {
  const config = { ...configOf(), auth: { api_keys: [{ name: "root", key: rootKey, role: "admin" }] } };
  const dataDirectory = await mkdtemp(join(tmpdir(), "prices-"));
  let workers = await startWithWorkers(config, dataDirectory);
  const headers = { authorization: `Bearer ${rootKey}` };
  const send = (path: string, asking: object = {}) => ask(workers, path, { headers, ...asking });
  const versions = async (): Promise<readonly unknown[]> => {
    const calls = await Promise.all(
      Array.from({ length: 8 }, () =>
        send("/v1/chat/completions", {
          body: { model: "fake/tiny-chat", messages: [{ role: "user", content: "one" }] },
        }),
      ),
    );
    const ids = calls.map(({ requestId }) => requestId);
    await Promise.all(ids.map((requestId) => workers.ledgerRows({ count: 1, requestId })));
    const rows = await Promise.all(ids.map((id) => send(`/api/v1/usage/records?request_id=${id}`)));
    return rows.map(({ json }) => z.object({ usage: z.array(row) }).parse(json).usage[0]?.price_version);
  };
  try {
    let version = "";
    for (const input_per_million of [10, 20, 30]) {
      const set = await send(prices, { method: "PUT", body: { ...tiny, input_per_million } });
      version = shown.parse(set.json).version;
      expect(await versions()).toEqual(Array.from({ length: 8 }, () => version));
    }
    await workers.stop();
    workers = await startWithWorkers(config, dataDirectory);
    expect(await versions()).toEqual(Array.from({ length: 8 }, () => version));
    const audit = await send("/api/v1/audit?operation=prices.put&limit=1");
    expect(audit.json).toMatchObject({
      records: [
        {
          actor: { name: "root" },
          target: { type: "price", name: "tiny-chat" },
          outcome: "ok",
          before: { input_per_million: 20 },
          after: { input_per_million: 30 },
        },
      ],
    });
  } finally {
    await workers.stop();
    await rm(dataDirectory, { recursive: true });
  }
});

test("llmp prices sets, lists and removes", async () => {
  const env = { LLM_PLATFORM_URL: platform.url };
  const run = (...args: readonly string[]) => runLlmp(["prices", ...args], { env });
  const set = await run("set", "own-*", "--integration", "fake", "--watts", "350", "--kwh-price", "0.32");
  expect(set, set.stderr).toMatchObject({ exitCode: 0 });
  const table = await run("list", "--model", "own-model");
  expect(table.stdout).toMatch(/^MODEL +ONLY FOR +INPUT +OUTPUT +BESIDES +CURRENCY +FROM +UNTIL +VERSION$/m);
  expect(table.stdout).toMatch(/^own-\* +fake +0 +0 +350 W at 0\.32 a kWh +USD +2\S+ +- +operator:\w{12}$/m);
  const json = await run("list", "--source", "operator", "--model", "own-model", "-o", "json");
  expect(list.parse(JSON.parse(json.stdout)).prices).toHaveLength(1);
  expect(await run("remove", "own-*", "--integration", "fake")).toMatchObject({ exitCode: 0 });
  expect(await run("remove", "own-*", "--integration", "fake")).toMatchObject({ exitCode: 4 });
  expect(await run("set", "m", "--watts", "1")).toMatchObject({ exitCode: 2 });
  expect(await run("set", "m", "--input", "dear")).toMatchObject({ exitCode: 2 });
});
