import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { createFakeUpstream, type FakeUpstream } from "../fakes/fake-upstream.ts";
import { runLlmp } from "./cli-process.ts";
import { ask, chat } from "./http.ts";
import { openAiIntegration, type Platform, startPlatform } from "./start-platform.ts";

let upstream: FakeUpstream;
let platform: Platform;

/** Of the fake's two models one has a price. */
beforeAll(async () => {
  upstream = await createFakeUpstream({ dialect: "openai" });
  platform = await startPlatform({
    config: {
      integrations: [openAiIntegration("fake", upstream.origin)],
      prices: [{ model: "tiny-chat", input_per_million: 2, output_per_million: 10, currency: "EUR" }],
    },
  });
  for (let count = 0; count < 3; count++) await chat(platform, "fake/tiny-chat");
  await ask(platform, "/v1/embeddings", { body: { model: "fake/tiny-embed", input: "one two" } });
  await platform.ledgerRows({ count: 4 });
});
afterAll(async () => {
  await platform.stop();
  await upstream.stop();
});

const sums = z.object({
  from: z.string(),
  until: z.string(),
  usage: z.array(z.looseObject({ attempts: z.number(), bucket_start: z.string().nullable() })),
  unknown_prices: z.array(z.unknown()),
  records_behind: z.number(),
});

async function sum(query: string): Promise<z.output<typeof sums>> {
  return sums.parse((await ask(platform, `/api/v1/usage?${query}`)).json);
}

test("the sums know the calls as soon as the ledger does, by model, with costs and percentiles", async () => {
  const answer = await sum("group_by=model,operation");
  expect(answer.records_behind).toBe(0);
  expect(answer.usage).toEqual([
    expect.objectContaining({
      model: "tiny-chat",
      operation: "chat",
      attempts: 3,
      calls: 3,
      errors: { cancelled: 0, request: 0, rate_limited: 0, timeout: 0, upstream: 0, interrupted: 0 },
      costs: [{ currency: "EUR", cost_micros: expect.any(Number) }],
      unpriced_attempts: 0,
      duration_ms: {
        mean: expect.any(Number),
        p50: expect.any(Number),
        p95: expect.any(Number),
        p99: expect.any(Number),
      },
    }),
    expect.objectContaining({ model: "tiny-embed", attempts: 1, costs: [], unpriced_attempts: 1 }),
  ]);
  expect(answer.unknown_prices).toEqual([{ integration: "fake", model: "tiny-embed", attempts: 1 }]);
});

test.each(["minute", "hour", "day"])("the sums by %s are of whole buckets", async (bucket) => {
  const { from, until, usage } = await sum(`range=24h&bucket=${bucket}&model=tiny-chat`);
  expect(usage.reduce((all, { attempts }) => all + attempts, 0)).toBe(3);
  for (const { bucket_start } of usage) {
    expect(bucket_start).toMatch(/T\d\d:\d\d:00\.000Z$/);
    expect(from <= String(bucket_start) && String(bucket_start) < until).toBe(true);
  }
});

test.each([
  ["bucket=week", "bucket"],
  ["group_by=colour", "group_by"],
  ["range=1y", "range"],
  ["range=7d&from=2026-01-01T00:00:00Z", "range"],
  ["range=30d&bucket=minute", "bucket"],
])("%s is refused with the field named", async (query, field) => {
  const { status, text } = await ask(platform, `/api/v1/usage?${query}`);
  expect(status).toBe(400);
  expect(text).toContain(field);
});

const page = z.object({
  usage: z.array(z.looseObject({ request_id: z.string() })),
  next_cursor: z.string().nullable(),
});

test("the records are a list in pages", async () => {
  const seen: string[] = [];
  let cursor: string | null = "";
  while (cursor !== null) {
    const query: string = cursor === "" ? "limit=3" : `limit=3&cursor=${cursor}`;
    const { usage, next_cursor } = page.parse((await ask(platform, `/api/v1/usage/records?${query}`)).json);
    seen.push(...usage.map(({ request_id }) => request_id));
    cursor = next_cursor;
  }
  expect(new Set(seen).size).toBe(4);
  expect(seen.length).toBe(4);
  const { status, text } = await ask(platform, "/api/v1/usage/records?cursor=x");
  expect(status).toBe(400);
  expect(text).toContain("cursor");
});

const names = "attempt_id,request_id,attempt,started_at,duration_ms,first_byte_ms,principal,operation";

test("the records are a file, as CSV and as JSON, oldest first", async () => {
  const csv = await ask(platform, "/api/v1/usage/export?format=csv&integration=fake");
  expect(csv.headers.get("content-type")).toBe("text/csv; charset=utf-8");
  expect(csv.headers.get("content-disposition")).toBe('attachment; filename="usage.csv"');
  const lines = csv.text.split("\r\n");
  expect(lines[0]?.startsWith(names)).toBe(true);
  expect(lines.length).toBe(6);
  const json = await ask(platform, "/api/v1/usage/export?format=json");
  const records = z.array(z.looseObject({ started_at: z.string(), operation: z.string() })).parse(json.json);
  expect(records.map(({ operation }) => operation)).toEqual(["chat", "chat", "chat", "embedding"]);
  const versions = z.array(z.looseObject({ price_version: z.string().nullable() })).parse(json.json);
  expect(versions.map(({ price_version }) => price_version)).toEqual([
    ...Array.from({ length: 3 }, () => expect.stringMatching(/^config:[0-9a-f]{12}$/)),
    null,
  ]);
  const none = await ask(platform, "/api/v1/usage/export?format=json&model=no-such");
  expect(none.json).toEqual([]);
  const wrong = await ask(platform, "/api/v1/usage/export?format=xml");
  expect([wrong.status, wrong.text.includes("format")]).toEqual([400, true]);
  const head = await ask(platform, "/api/v1/usage/export", { method: "HEAD" });
  expect([head.status, head.text]).toEqual([200, ""]);
});

test("llmp usage prints the sums as a table and as JSON, and what has no price", async () => {
  const env = { LLM_PLATFORM_URL: platform.url };
  const table = await runLlmp(["usage", "--range", "24h", "--by", "model"], { env });
  expect(table.exitCode).toBe(0);
  expect(table.stdout).toMatch(/^MODEL +CALLS +ERRORS +INPUT +OUTPUT +COST +P50 MS +P95 MS$/m);
  expect(table.stdout).toMatch(/^tiny-chat +3 +0 +\d+ +\d+ +0\.\d{4} EUR +\d+ +\d+$/m);
  expect(table.stdout).toMatch(/^tiny-embed +1 +0 +\d+ +\d+ +\? +\d+ +\d+$/m);
  expect(table.stderr).toBe("no price is known for fake/tiny-embed: 1 attempts\n");
  const json = await runLlmp(["usage", "--bucket", "day", "--by", "", "-o", "json"], { env });
  expect(sums.parse(JSON.parse(json.stdout)).usage.map(({ attempts }) => attempts)).toEqual([4]);
  const fast = await runLlmp(["usage", "--no-percentiles"], { env });
  expect(fast.stdout).toMatch(/^tiny-chat +3 .* - +-$/m);
  expect(await runLlmp(["usage", "--range", "1y"], { env })).toMatchObject({ exitCode: 2 });
});

test("llmp usage export prints the file", async () => {
  const env = { LLM_PLATFORM_URL: platform.url };
  const csv = await runLlmp(["usage", "export", "--model", "tiny-embed"], { env });
  expect(csv).toMatchObject({ exitCode: 0, stderr: "" });
  expect(csv.stdout.trim().split("\r\n").length).toBe(2);
  const json = await runLlmp(["usage", "export", "--format", "json"], { env });
  expect(z.array(z.unknown()).parse(JSON.parse(json.stdout)).length).toBe(4);
});

test("costs are reckoned anew by the prices of now, once, in the records and in the sums", async () => {
  const dataDirectory = await mkdtemp(join(tmpdir(), "reprice-"));
  const start = (price: object) =>
    startPlatform({
      dataDirectory,
      config: { integrations: [openAiIntegration("fake", upstream.origin)], prices: [price] },
    });
  const before = await start({ model: "other", input_per_million: 1, output_per_million: 1 });
  await chat(before, "fake/tiny-chat");
  await before.ledgerRows({ count: 1 });
  await before.stop();
  const after = await start({ model: "tiny-*", input_per_million: 1_000, output_per_million: 1_000 });
  try {
    const env = { LLM_PLATFORM_URL: after.url };
    const args = ["usage", "reprice", "--from", "2020-01-01T00:00:00Z", "-o", "json"];
    const run = async (...more: readonly string[]): Promise<unknown> =>
      JSON.parse((await runLlmp([...args, ...more], { env })).stdout);
    const report = {
      examined: 1,
      changed: 1,
      priced_anew: 1,
      differences: [{ currency: "USD", cost_micros: expect.any(Number) }],
    };
    const usage = async () => sums.parse((await ask(after, "/api/v1/usage")).json);
    expect(await run("--dry-run")).toEqual(report);
    expect((await usage()).unknown_prices).toHaveLength(1);
    expect(await run()).toEqual(report);
    expect((await usage()).unknown_prices).toEqual([]);
    expect((await usage()).usage[0]?.["costs"]).toEqual(report.differences);
    expect(await run()).toEqual({ examined: 1, changed: 0, priced_anew: 0, differences: [] });
    expect(await runLlmp(["usage", "reprice"], { env })).toMatchObject({ exitCode: 2 });
  } finally {
    await after.stop();
    await rm(dataDirectory, { recursive: true });
  }
});
