import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { UsageTally } from "../packages/server/src/core/usage-tally.ts";
import type { KindTallies } from "../packages/server/src/store/kind-tallies.ts";
import type { SumsQuery } from "../packages/server/src/store/rollup-query.ts";
import { createRollupWriter } from "../packages/server/src/store/rollup-writer.ts";
import { openStore } from "../packages/server/src/store/store.ts";

// How long the questions of a usage page take over a large ledger: `node bench/usage-query.ts [--days N]`. They read sums
// alone, so that only these are made, by the writer that makes all of them, and no records.

const dayMs = 86_400_000;
const principals = 2_000;
const models = 30;
const modelsEach = 5;
const callsEachDay = 11;
const questions = 20;

const { values } = parseArgs({ options: { days: { type: "string", default: "90" } } });
const days = Number(values.days);
const untilMs = Math.floor(Date.now() / dayMs) * dayMs + dayMs;
const fromMs = untilMs - days * dayMs;
const records = days * principals * modelsEach * callsEachDay;

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

/** @returns milliseconds */
function fill(path: string): number {
  const raw = new DatabaseSync(path);
  const kept = { minute: untilMs - 2 * dayMs, hour: untilMs - 8 * dayMs, day: 0, eight_days: 0 };
  const writer = createRollupWriter(raw, {
    fromMs: (resolution) => kept[resolution],
    prune: () => Promise.resolve(0),
  });
  const startedAtMs = performance.now();
  for (let startMs = fromMs; startMs < untilMs; startMs += dayMs) {
    const tallies = Array.from({ length: principals * modelsEach }, (_, index) =>
      makeTallies(Math.floor(index / modelsEach), index % modelsEach, startMs),
    );
    raw.exec("BEGIN");
    writer.add(tallies);
    raw.exec("COMMIT");
  }
  raw.close();
  return performance.now() - startedAtMs;
}

async function time(name: string, ask: () => Promise<unknown>): Promise<readonly string[]> {
  const taken: number[] = [];
  const used: number[] = [];
  for (let count = 0; count < questions; count++) {
    const [beforeMs, before] = [performance.now(), process.cpuUsage()];
    await ask();
    taken.push(performance.now() - beforeMs);
    const { user, system } = process.cpuUsage(before);
    used.push((user + system) / 1_000);
  }
  for (const list of [taken, used]) list.sort((a, b) => a - b);
  const middle = questions / 2;
  const row = [name, taken[0], taken[middle], taken.at(-1), used[middle]].map((cell) =>
    typeof cell === "number" ? cell.toFixed(1) : String(cell),
  );
  console.log(row.join("  "));
  return row;
}

const directory = mkdtempSync(join(tmpdir(), "usage-query-"));
const path = join(directory, "platform.db");
try {
  await (await openStore({ directory })).close();
  const filledMs = fill(path);
  console.log(`the sums of ${records} records in ${(filledMs / 1_000).toFixed(0)} s`);
  const store = await openStore({ directory });
  const rows: (readonly string[])[] = [];
  const measure = async (name: string, changes: Partial<SumsQuery>) => {
    for (const withHistograms of [true, false]) {
      const ask = async () => {
        const whole = {
          resolution: "day",
          fromMs,
          untilMs,
          byBucket: false,
          groupBy: [],
          filter: {},
        } as const;
        const answer = await store.usage.sum({ ...whole, limit: 10_000, withHistograms, ...changes });
        if (answer.groups.length === 0) throw new Error("the sums are empty");
      };
      rows.push(await time(`${name}${withHistograms ? "" : ", no percentiles"}`, ask));
    }
  };
  try {
    await measure("by day", { byBucket: true });
    await measure("by model", { groupBy: ["upstreamModel"] });
    await measure("by principal", { groupBy: ["principal"] });
    await measure("by principal, the last 24 hours", {
      resolution: "hour",
      fromMs: untilMs - dayMs - dayMs / 2,
      untilMs: untilMs - dayMs / 2,
      groupBy: ["principal"],
    });
    await measure("by day, of one principal", { byBucket: true, filter: { principal: "team-7" } });
    await measure("by model, of one principal", {
      groupBy: ["upstreamModel"],
      filter: { principal: "team-7" },
    });
    await measure("by principal, of one model", {
      groupBy: ["principal"],
      filter: { upstreamModel: "model-3" },
    });
    const unpriced = () =>
      store.usage.unpriced({ resolution: "day", fromMs, untilMs, filter: {}, limit: 1_000 });
    rows.push(await time("models without a price", unpriced));
  } finally {
    await store.close();
  }
  const table = [
    ["question", "least, ms", "median, ms", "most, ms", "CPU, median, ms"],
    ["---", "---", "---", "---", "---"],
    ...rows,
  ].map((row) => `| ${row.join(" | ")} |`);
  const report = `# What questions about usage take

Written by \`node bench/usage-query.ts\`; do not edit. The sums of ${records.toLocaleString("en")} records of ${days} days: ${principals.toLocaleString("en")} principals, each of
which calls ${modelsEach} of ${models} models ${callsEachDay} times a day. SQLite, ${questions} times each, on ${cpus().length} cores (${cpus()[0]?.model ?? "unknown"}), Node ${process.versions.node}.
Sums by the hour are of the last eight days.
The load of the machine was ${loadavg()[0]?.toFixed(1)} in the last minute, with this one process of it: where that is more than a core, trust the CPU time.
The time is that in the server, until the answer is there; other work has its turn meanwhile. The database has ${(statSync(path).size / 1_048_576).toFixed(0)} MiB.

${table.join("\n")}
`;
  writeFileSync(fileURLToPath(new URL("usage-query.md", import.meta.url)), report);
} finally {
  rmSync(directory, { recursive: true });
}
