import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { z } from "zod";
import { askGraph } from "../e2e/graphql-calls.ts";
import { ask, chat } from "../e2e/http.ts";
import { untilFakeIsKnown } from "../e2e/identity-calls.ts";
import { openAiIntegration, type Platform, startPlatform } from "../e2e/start-platform.ts";
import { createFakeUpstream } from "../fakes/fake-upstream.ts";
import { prometheusProgram, startPrometheus } from "../services/prometheus.ts";

const sums = z.object({
  usage: z.array(
    z.object({
      calls: z.number(),
      input_tokens: z.number(),
      output_tokens: z.number(),
      costs: z.array(z.object({ currency: z.string(), cost_micros: z.number() })),
    }),
  ),
});

/** Calls of one model, its tokens and what they cost in millionths, as each place knows them. */
type Figures = {
  readonly calls: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly costMicros: number;
};

async function ledgerFigures(platform: Platform): Promise<Figures> {
  const answer = await ask(platform, "/api/v1/usage?range=24h&group_by=model&model=tiny-chat");
  const [row] = sums.parse(answer.json).usage;
  return {
    calls: row?.calls ?? 0,
    inputTokens: row?.input_tokens ?? 0,
    outputTokens: row?.output_tokens ?? 0,
    costMicros: row?.costs[0]?.cost_micros ?? 0,
  };
}

const graphSums = z.object({
  usage: z.object({
    usage: z.array(
      z.object({
        calls: z.number(),
        inputTokens: z.number(),
        outputTokens: z.number(),
        costs: z.array(z.object({ costMicros: z.number() })),
      }),
    ),
  }),
});

/** The same as the graph tells it. */
async function graphFigures(platform: Platform): Promise<Figures> {
  const query = `{ usage(range: _24H, groupBy: "model", model: "tiny-chat") {
    usage { calls inputTokens outputTokens costs { costMicros } } } }`;
  const { data, errors } = await askGraph(platform, { query });
  expect(errors).toEqual([]);
  const [row] = graphSums.parse(data).usage.usage;
  return {
    calls: row?.calls ?? 0,
    inputTokens: row?.inputTokens ?? 0,
    outputTokens: row?.outputTokens ?? 0,
    costMicros: row?.costs[0]?.costMicros ?? 0,
  };
}

const requestPage = z.object({
  requests: z.array(
    z.object({
      input_tokens: z.number(),
      output_tokens: z.number(),
      costs: z.array(z.object({ currency: z.string(), cost_micros: z.number() })),
    }),
  ),
  next_cursor: z.string().nullable(),
});

/** The same, added up call by call over the pages of the request log. */
async function requestFigures(platform: Platform): Promise<Figures> {
  const sum = { calls: 0, inputTokens: 0, outputTokens: 0, costMicros: 0 };
  let cursor: string | null = "";
  while (cursor !== null) {
    const query: string = cursor === "" ? "" : `&cursor=${cursor}`;
    const answer = await ask(platform, `/api/v1/requests?model=tiny-chat&limit=25${query}`);
    const page = requestPage.parse(answer.json);
    for (const { input_tokens, output_tokens, costs } of page.requests) {
      sum.calls++;
      sum.inputTokens += input_tokens;
      sum.outputTokens += output_tokens;
      sum.costMicros += costs[0]?.cost_micros ?? 0;
    }
    cursor = page.next_cursor;
  }
  return sum;
}

/** @param read the sum of the series of a metric whose labels are as told */
async function metricFigures(
  read: (metric: string, labels: string) => Promise<number> | number,
): Promise<Figures> {
  const micros = (await read("llm_cost_total", 'model="tiny-chat",currency="EUR"')) * 1_000_000;
  return {
    calls: await read("llm_requests_total", 'model="tiny-chat"'),
    inputTokens: await read("llm_tokens_total", 'model="tiny-chat",type="input"'),
    outputTokens: await read("llm_tokens_total", 'model="tiny-chat",type="output"'),
    costMicros: Math.round(micros),
  };
}

/** Adds up the lines of `/metrics`. */
function sumOfLines(text: string, metric: string, labels: string): number {
  return text
    .split("\n")
    .filter((line) => line.startsWith(`${metric}{`) && labels.split(",").every((each) => line.includes(each)))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" "))), 0);
}

test.skipIf(prometheusProgram === undefined)(
  "the ledger, the request log, GraphQL, /metrics and Prometheus agree on calls, tokens and cost to the last unit",
  async () => {
    const folder = await mkdtemp(join(tmpdir(), "llm-platform-numbers-"));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const upstream = await createFakeUpstream({ dialect: "openai" });
    onTestFinished(() => upstream.stop());
    const platform = await startPlatform({
      config: {
        integrations: [openAiIntegration("fake", upstream.origin)],
        prices: [{ model: "tiny-chat", input_per_million: 3, output_per_million: 7, currency: "EUR" }],
      },
    });
    const prometheus = await startPrometheus({
      folder,
      target: `127.0.0.1:${platform.port}`,
      rules: [],
      scrapeMs: 500,
    });
    onTestFinished(() => prometheus.stop());
    await untilFakeIsKnown(platform, undefined);
    const count = 60;
    for (let done = 0; done < count; done += 6)
      await Promise.all(
        Array.from({ length: 6 }, (_, index) =>
          chat(platform, "tiny-chat", { stream: index % 2 === 0, max_tokens: 3 + done + index }),
        ),
      );
    await platform.ledgerRows({ count });

    const ledger = await ledgerFigures(platform);
    expect(ledger.calls).toBe(count);
    expect(ledger.costMicros).toBe(ledger.inputTokens * 3 + ledger.outputTokens * 7);
    expect(await requestFigures(platform)).toEqual(ledger);
    expect(await graphFigures(platform)).toEqual(ledger);
    const { text } = await ask(platform, "/metrics");
    expect(await metricFigures((metric, labels) => sumOfLines(text, metric, labels))).toEqual(ledger);
    await vi.waitFor(
      async () =>
        expect(
          await metricFigures(async (metric, labels) => {
            const [sum] = await prometheus.query(`sum(${metric}{${labels}})`);
            return sum?.value ?? 0;
          }),
        ).toEqual(ledger),
      { timeout: 60_000, interval: 250 },
    );
    await platform.stop();
  },
  120_000,
);
