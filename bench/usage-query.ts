import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { LedgerRecord } from "../packages/server/src/core/ledger-record.ts";
import type { SumsQuery } from "../packages/server/src/store/rollup-query.ts";
import { openStore, type Store } from "../packages/server/src/store/store.ts";

// How long the questions of a usage page take over a large ledger: `node bench/usage-query.ts [--rows N]`.
// The rows go the way of every record, in transactions of 500, and so do their sums.

const days = 90;
const dayMs = 86_400_000;
const principals = 50;
const models = 12;
const rowsPerTransaction = 500;
const rowsPerRun = 100;
const questions = 20;

const { values } = parseArgs({
  options: { rows: { type: "string", default: "10000000" }, seed: { type: "string", default: "1" } },
});
const rows = Number(values.rows);

/** A reproducible sequence of numbers from 0 to 1 (mulberry32). */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const random = createRandom(Number(values.seed));

/** Calls come in runs: a caller asks one model a hundred times within minutes. */
function makeRun(from: number, count: number, startMs: number): readonly LedgerRecord[] {
  const principal = `team-${Math.floor(random() * principals)}`;
  const upstreamModel = `model-${Math.floor(random() * models)}`;
  return Array.from({ length: count }, (_, index) => {
    const number = from + index;
    const isFailed = random() < 0.02;
    const isPriced = upstreamModel !== "model-0";
    return {
      attemptId: `req_${number.toString(16).padStart(32, "0")}.1`,
      requestId: `req_${number.toString(16).padStart(32, "0")}`,
      attempt: 1,
      startedAtMs: Math.floor(startMs + (number / rows) * days * dayMs),
      durationMs: Math.round(200 * Math.exp(random() * 4)),
      firstByteMs: isFailed ? null : Math.round(50 * Math.exp(random() * 3)),
      principal,
      operation: "chat",
      requestedModel: upstreamModel,
      integration: "office",
      provider: "vllm",
      upstreamModel,
      stream: true,
      outcome: isFailed ? "upstream_error" : "stop",
      httpStatus: isFailed ? 500 : 200,
      errorCode: isFailed ? "upstream_error" : null,
      inputTokens: Math.round(random() * 4_000),
      outputTokens: Math.round(random() * 800),
      cacheReadTokens: null,
      cacheWriteTokens: null,
      reasoningTokens: null,
      usageSource: "reported",
      costMicros: isPriced ? Math.round(random() * 20_000) : null,
      currency: isPriced ? "USD" : null,
      priceVersion: isPriced ? "bundled:0123456789ab" : null,
    } satisfies LedgerRecord;
  });
}

async function fill(store: Store, startMs: number): Promise<number> {
  const startedAtMs = performance.now();
  let insertedMs = 0;
  for (let from = 0; from < rows; from += rowsPerTransaction) {
    const batch: LedgerRecord[] = [];
    for (let at = from; at < Math.min(rows, from + rowsPerTransaction); at += rowsPerRun)
      batch.push(...makeRun(at, Math.min(rowsPerRun, rows - at), startMs));
    const before = performance.now();
    await store.ledger.insertMany(batch);
    insertedMs += performance.now() - before;
  }
  await store.usage.roller.flush();
  console.log(
    `${rows} rows in ${((performance.now() - startedAtMs) / 1_000).toFixed(0)} s, ${((insertedMs * 1_000) / rows).toFixed(2)} µs each to insert and sum`,
  );
  return insertedMs;
}

async function time(name: string, ask: () => Promise<unknown>): Promise<void> {
  const taken: number[] = [];
  for (let count = 0; count < questions; count++) {
    const before = performance.now();
    await ask();
    taken.push(performance.now() - before);
  }
  taken.sort((a, b) => a - b);
  const median = taken[Math.floor(questions / 2)] ?? 0;
  console.log(`${name}: median ${median.toFixed(1)} ms, max ${(taken.at(-1) ?? 0).toFixed(1)} ms`);
}

const directory = mkdtempSync(join(tmpdir(), "usage-query-"));
const untilMs = Math.floor(Date.now() / dayMs) * dayMs + dayMs;
const fromMs = untilMs - days * dayMs;
const store = await openStore({ directory });
try {
  await fill(store, fromMs);
  const sum = (changes: Partial<SumsQuery>) => async () => {
    const answer = await store.usage.sum({
      resolution: "day",
      fromMs,
      untilMs,
      byBucket: true,
      groupBy: [],
      filter: {},
      limit: 10_000,
      ...changes,
    });
    if (answer.groups.length === 0) throw new Error("the sums are empty");
  };
  await time("by day, 90 days", sum({}));
  await time("by model, 90 days", sum({ byBucket: false, groupBy: ["upstreamModel"] }));
  await time("by day and model, 90 days", sum({ groupBy: ["upstreamModel"] }));
  await time("by principal, 90 days", sum({ byBucket: false, groupBy: ["principal"] }));
  await time("by hour, 7 days", sum({ resolution: "hour", fromMs: untilMs - 7 * dayMs }));
  await time("a page of records", () =>
    store.ledger.list({ fromMs, untilMs: untilMs - 30 * dayMs, limit: 100 }),
  );
} finally {
  await store.close();
  const bytes = statSync(join(directory, "platform.db")).size;
  console.log(`platform.db: ${(bytes / 1_048_576).toFixed(0)} MiB, ${(bytes / rows).toFixed(0)} bytes a row`);
  rmSync(directory, { recursive: true });
}
