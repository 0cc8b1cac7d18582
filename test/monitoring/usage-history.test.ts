import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { metricNames } from "../../packages/server/src/telemetry/names.ts";
import { ask, chat } from "../e2e/http.ts";
import { untilFakeIsKnown } from "../e2e/identity-calls.ts";
import { openAiIntegration, type Platform, startPlatform } from "../e2e/start-platform.ts";
import { createFakeUpstream, type FakeUpstream } from "../fakes/fake-upstream.ts";
import { type Prometheus, prometheusProgram, startPrometheus } from "../services/prometheus.ts";

const historySchema = z.strictObject({
  from: z.string(),
  until: z.string(),
  bucket: z.literal("minute"),
  source: z.enum(["prometheus", "ledger"]),
  problem: z.string().nullable(),
  first_content_bounds_ms: z.array(z.number()),
  points: z.array(
    z.strictObject({
      bucket_start: z.iso.datetime(),
      calls: z.number().int(),
      failed: z.number().int(),
      errors: z.record(z.string(), z.number().int()),
      input_tokens: z.number().int(),
      output_tokens: z.number().int(),
      costs: z.array(z.strictObject({ currency: z.string(), cost_micros: z.number().int() })),
      duration_ms: z.object({ p50: z.number(), p95: z.number(), p99: z.number() }).nullable(),
      first_content_ms: z.object({ p50: z.number(), p95: z.number(), p99: z.number() }).nullable(),
      first_content_counts: z.array(z.number().int()).nullable(),
    }),
  ),
});

const calls = 20;
/** Every other, and the one before all. */
const streams = calls / 2 + 1;

/** Stands before Prometheus, and answers in its place as it is told. */
type Front = {
  readonly url: string;
  answer: (path: string, response: ServerResponse) => Promise<void> | void;
  stop(): Promise<void>;
};

async function startFront(): Promise<Front> {
  const server = createServer((request, response) => {
    void front.answer(request.url ?? "", response);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const front: Front = {
    url: `http://127.0.0.1:${port}`,
    answer: (_path, response) => void response.destroy(),
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  return front;
}

function passTo(prometheus: Prometheus): Front["answer"] {
  return async (path, response) => {
    const answer = await fetch(prometheus.url + path);
    response.writeHead(answer.status, { "content-type": "application/json" }).end(await answer.text());
  };
}

function say(status: number, text: string): Front["answer"] {
  return (_path, response) => void response.writeHead(status).end(text);
}

let upstream: FakeUpstream;
let front: Front;
let platform: Platform;

beforeAll(async () => {
  upstream = await createFakeUpstream({ dialect: "openai" });
  front = await startFront();
  platform = await startPlatform({
    config: {
      integrations: [openAiIntegration("fake", upstream.origin)],
      prices: [{ model: "tiny-chat", input_per_million: 3, output_per_million: 7, currency: "EUR" }],
      prometheus: { query_url: front.url },
    },
  });
});
afterAll(async () => {
  await platform.stop();
  await front.stop();
  await upstream.stop();
});

async function readHistory(of: Platform = platform) {
  const from = new Date(Date.now() - 600_000).toISOString();
  const answer = await ask(of, `/api/v1/usage/history?bucket=minute&from=${from}`);
  expect(answer.status, answer.text).toBe(200);
  return historySchema.parse(answer.json);
}

function sumOf(points: z.output<typeof historySchema>["points"]) {
  const counts = points.flatMap(({ first_content_counts }) => first_content_counts ?? []);
  const sum = (pick: (point: (typeof points)[number]) => number) =>
    points.reduce((total, point) => total + pick(point), 0);
  return {
    calls: sum((point) => point.calls),
    inputTokens: sum((point) => point.input_tokens),
    costMicros: sum((point) => point.costs.find(({ currency }) => currency === "EUR")?.cost_micros ?? 0),
    firstContents: counts.reduce((total, count) => total + count, 0),
  };
}

describe.skipIf(prometheusProgram === undefined)("where Prometheus is configured", () => {
  let folder: string;
  let prometheus: Prometheus;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "llm-platform-history-"));
    await untilFakeIsKnown(platform, undefined);
    prometheus = await startPrometheus({
      folder,
      target: `127.0.0.1:${platform.port}`,
      rules: [],
      scrapeMs: 500,
    });
    await chat(platform, "tiny-chat");
    // A rise is counted from the first scrape that knows of the calls.
    await vi.waitFor(
      async () => expect(await prometheus.query("sum(llm_requests_total) >= 1")).toHaveLength(1),
      { timeout: 60_000, interval: 250 },
    );
    for (let count = 0; count < calls; count++)
      await chat(platform, "tiny-chat", { stream: count % 2 === 0 });
    await platform.ledgerRows({ count: calls + 1 });
  }, 120_000);
  afterAll(async () => {
    await prometheus.stop();
    await rm(folder, { recursive: true, force: true });
  });

  test("the past is read from it, in the shape that the ledger has too", async () => {
    front.answer = passTo(prometheus);
    await vi.waitFor(
      async () => {
        const { source, problem, points, first_content_bounds_ms } = await readHistory();
        expect({ source, problem }).toEqual({ source: "prometheus", problem: null });
        expect(first_content_bounds_ms).toEqual(
          metricNames.firstToken.buckets?.map((seconds) => seconds * 1_000),
        );
        const sum = sumOf(points);
        // Extrapolated between scrapes, and over the end of a minute.
        expect(sum.calls).toBeGreaterThan(calls / 2);
        expect(sum.calls).toBeLessThan(calls * 2);
        expect(sum.inputTokens).toBeGreaterThan(0);
        expect(sum.costMicros).toBeGreaterThan(0);
        expect(sum.firstContents).toBeGreaterThan(0);
        expect(sum.firstContents).toBeLessThan(calls);
        expect(points.some(({ duration_ms }) => (duration_ms?.p95 ?? 0) > 0)).toBe(true);
        expect(points.some(({ first_content_ms }) => (first_content_ms?.p95 ?? 0) > 0)).toBe(true);
      },
      { timeout: 60_000, interval: 500 },
    );
  }, 90_000);

  test.each<readonly [string, Front["answer"], string]>([
    ["is down", (_path, response) => void response.destroy(), "Nothing answers at http://127.0.0.1:"],
    ["is another server", say(200, "<html>Welcome</html>"), "What answered is no Prometheus"],
    [
      "answers something else",
      say(200, '{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[]}]}}'),
      "What answered is no Prometheus",
    ],
    ["fails", say(503, "unavailable"), "Prometheus answered status 503"],
    ["wants another token", say(401, "unauthorized"), "Check `prometheus.query_token`"],
    [
      "never scraped the platform",
      say(200, '{"status":"success","data":{"resultType":"matrix","result":[]}}'),
      "Prometheus has no figures of this time",
    ],
    // The last: one that is slow is left alone for a while.
    ["is slow", () => undefined, "did not answer within 3 seconds"],
  ])("while it %s the ledger is read, exactly, and it is said why", async (_name, answer, why) => {
    front.answer = answer;
    const { source, problem, points } = await readHistory();
    expect(source).toBe("ledger");
    expect(problem).toContain(why);
    expect(sumOf(points)).toMatchObject({ calls: calls + 1, firstContents: streams });
  });
});

test("without Prometheus the ledger is read, and nothing is said about it", async () => {
  const alone = await startPlatform({
    config: { integrations: [openAiIntegration("fake", upstream.origin)] },
  });
  await untilFakeIsKnown(alone, undefined);
  await chat(alone, "tiny-chat");
  await alone.ledgerRows({ count: 1 });
  const { source, problem, points } = await readHistory(alone);
  expect({ source, problem }).toEqual({ source: "ledger", problem: null });
  expect(points).toMatchObject([{ calls: 1, failed: 0 }]);
  await alone.stop();
});
