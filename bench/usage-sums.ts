import { DatabaseSync } from "node:sqlite";
import { UsageTally } from "../packages/server/src/core/usage-tally.ts";
import type { KindTallies } from "../packages/server/src/store/kind-tallies.ts";
import { createRollupWriter } from "../packages/server/src/store/rollup-writer.ts";

const dayMs = 86_400_000;
export const principals = 2_000;
export const models = 30;
/** Of these, each principal calls so many, */
export const modelsEach = 5;
/** so often. */
export const callsEachDay = 11;

/** Days, from the first on and before the last. */
export interface Span {
  readonly fromMs: number;
  readonly untilMs: number;
}

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

const random = createRandom(1);

/** What the calls of one principal to one model came to on one day; one model has no known price. */
function makeTallies(principal: number, nth: number, startMs: number): KindTallies {
  const model = (principal * 7 + nth * 11) % models;
  const isPriced = model !== 0;
  const tally = new UsageTally();
  tally.attempts = callsEachDay;
  tally.calls = callsEachDay;
  tally.inputTokens = callsEachDay * 2_000;
  tally.outputTokens = callsEachDay * 400;
  if (isPriced) tally.costMicros = callsEachDay * 10_000;
  else tally.unpricedAttempts = callsEachDay;
  for (let call = 0; call < callsEachDay; call++) {
    const durationMs = Math.round(200 * Math.exp(random() * 4));
    const firstByteMs = Math.round(50 * Math.exp(random() * 3));
    tally.durationMs += durationMs;
    tally.durations.add(durationMs);
    tally.firstByteMs += firstByteMs;
    tally.firstBytes.add(firstByteMs);
  }
  return {
    kind: {
      principal: `team-${principal}`,
      integration: "office",
      provider: "vllm",
      upstreamModel: `model-${model}`,
      operation: "chat",
      currency: isPriced ? "USD" : null,
    },
    byMinute: new Map([[startMs + Math.floor(random() * 1_440) * 60_000, tally]]),
  };
}

/** Puts the sums of a ledger of these days into a database of SQLite that has the tables. */
export function fillSums(path: string, { fromMs, untilMs }: Span): void {
  const raw = new DatabaseSync(path);
  const kept = { minute: untilMs - 2 * dayMs, hour: untilMs - 8 * dayMs, day: 0, eight_days: 0 };
  const writer = createRollupWriter(raw, {
    fromMs: (resolution) => kept[resolution],
    prune: () => Promise.resolve(0),
  });
  for (let startMs = fromMs; startMs < untilMs; startMs += dayMs) {
    const tallies = Array.from({ length: principals * modelsEach }, (_, index) =>
      makeTallies(Math.floor(index / modelsEach), index % modelsEach, startMs),
    );
    raw.exec("BEGIN");
    writer.add(tallies);
    raw.exec("COMMIT");
  }
  raw.close();
}
