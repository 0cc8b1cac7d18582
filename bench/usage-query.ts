import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Secret } from "@llm-platform/kit";
import type { SumsQuery } from "../packages/server/src/store/rollup-query.ts";
import { openPostgresStore } from "../packages/server/src/store/postgres/postgres-store.ts";
import { openStore, type Store } from "../packages/server/src/store/store.ts";
import { postgresProgram, startPostgres } from "../test/services/postgres.ts";
import { postgresSettings } from "../test/store/engines.ts";
import { readMachine } from "./conditions.ts";
import { median } from "./figures.ts";
import { keepFurther } from "./further.ts";
import { rewriteReport } from "./report.ts";
import { callsEachDay, fillSums, models, modelsEach, principals, type Span } from "./usage-sums.ts";

// How long the questions of a usage page take over a large ledger: `node bench/usage-query.ts [--days N]`. They read sums
// alone, so that only these are made, by the writer that makes all of them, and no records.

const dayMs = 86_400_000;
const questions = 20;
const benchFolder = fileURLToPath(new URL("./", import.meta.url));

type Question = readonly [name: string, changes: Partial<SumsQuery>];

function questionsOf({ untilMs }: Span): readonly Question[] {
  return [
    ["by day", { byBucket: true }],
    ["by model", { groupBy: ["upstreamModel"] }],
    ["by day and model", { byBucket: true, groupBy: ["upstreamModel"] }],
    ["by principal", { groupBy: ["principal"] }],
    [
      "by principal, the last 24 hours",
      {
        resolution: "hour",
        fromMs: untilMs - dayMs - dayMs / 2,
        untilMs: untilMs - dayMs / 2,
        groupBy: ["principal"],
      },
    ],
    ["by day, of one principal", { byBucket: true, filter: { principal: "team-7" } }],
    ["by model, of one principal", { groupBy: ["upstreamModel"], filter: { principal: "team-7" } }],
    ["by principal, of one model", { groupBy: ["principal"], filter: { upstreamModel: "model-3" } }],
  ];
}

/** Milliseconds that each question took in the median, with percentiles and without. */
async function askAll(store: Store, span: Span): Promise<ReadonlyMap<string, number>> {
  const taken = new Map<string, number>();
  for (const [name, changes] of questionsOf(span))
    for (const withHistograms of [true, false]) {
      const whole = { resolution: "day", ...span, byBucket: false, groupBy: [], filter: {} } as const;
      const query = { ...whole, limit: 10_000, withHistograms, ...changes };
      const ask = async () => {
        if ((await store.usage.sum(query)).groups.length === 0) throw new Error("the sums are empty");
      };
      taken.set(`${name}${withHistograms ? "" : ", no percentiles"}`, await time(ask));
    }
  const unpriced = () =>
    store.usage.unpriced({ resolution: "day", ...span, filter: {}, limit: 1_000 }).then(() => undefined);
  taken.set("models without a price", await time(unpriced));
  return taken;
}

async function time(ask: () => Promise<void>): Promise<number> {
  const taken: number[] = [];
  for (let count = 0; count < questions; count++) {
    const beforeMs = performance.now();
    await ask();
    taken.push(performance.now() - beforeMs);
  }
  return median(taken) ?? Number.NaN;
}

/** The same sums in PostgreSQL. */
async function askPostgres(path: string, folder: string, span: Span): Promise<ReadonlyMap<string, number>> {
  const server = await startPostgres();
  try {
    const url = await server.createDatabase();
    const ignore = () => undefined;
    const { store } = await openPostgresStore({
      directory: join(folder, "postgres"),
      settings: { ...postgresSettings(url), requestTimeoutMs: 60_000, backgroundTimeoutMs: 60_000 },
      keepEvents: 10_000,
      keepSums: { minuteDays: 2, hourDays: 90 },
      nowMs: Date.now,
      masterKeys: { current: new Secret(Buffer.alloc(32, 1).toString("base64")), previous: [] },
      log: { debug: ignore, info: ignore, warn: ignore, error: ignore },
    });
    try {
      for (const table of ["usage_kinds", "usage_rollups"])
        for (const rows of rowsOf(path, table)) {
          const text = rows.replaceAll("'", "''");
          const given = table === "usage_kinds" ? "OVERRIDING SYSTEM VALUE" : "";
          await server.query(
            url,
            `INSERT INTO ${table} ${given} SELECT * FROM json_populate_recordset(NULL::${table}, '${text}')`,
          );
        }
      await server.query(url, "ANALYZE");
      return await askAll(store, span);
    } finally {
      await store.close();
    }
  } finally {
    await server.stop();
  }
}

/** All rows of a table, ten thousand at a time, as JSON. */
function* rowsOf(path: string, table: string): Generator<string> {
  const raw = new DatabaseSync(path, { readOnly: true });
  try {
    let rows: unknown[] = [];
    for (const row of raw.prepare(`SELECT * FROM ${table}`).iterate()) {
      rows.push(row);
      if (rows.length < 10_000) continue;
      yield JSON.stringify(rows);
      rows = [];
    }
    if (rows.length > 0) yield JSON.stringify(rows);
  } finally {
    raw.close();
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { days: { type: "string", default: "90" } } });
  const days = Number(values.days);
  const untilMs = Math.floor(Date.now() / dayMs) * dayMs + dayMs;
  const span = { fromMs: untilMs - days * dayMs, untilMs };
  const conditions = await readMachine(new Date());
  const folder = mkdtempSync(join(tmpdir(), "usage-query-"));
  const directory = join(folder, "sqlite");
  const path = join(directory, "platform.db");
  try {
    await (await openStore({ directory })).close();
    fillSums(path, span);
    const store = await openStore({ directory });
    const sqlite = await askAll(store, span).finally(() => store.close());
    const postgres = postgresProgram === undefined ? undefined : await askPostgres(path, folder, span);
    const records = days * principals * modelsEach * callsEachDay;
    await keepFurther(benchFolder, "usage-query", {
      title: "Questions of a usage page, over 90 days of a large ledger",
      note: `\`node bench/usage-query.ts\`: the sums of ${records.toLocaleString("en-US")} records of ${days} days, of ${principals.toLocaleString("en-US")} principals, each of which calls ${modelsEach} of ${models} models ${callsEachDay} times a day. ${questions} times each; what counts is the time in the server until the answer is there. Wanted by day and by model: at most 300 ms on both.`,
      conditions,
      columns: ["question", "SQLite, median ms", "PostgreSQL, median ms"],
      rows: [...sqlite].map(([name, ms]) => [name, ms.toFixed(1), postgres?.get(name)?.toFixed(1) ?? "–"]),
    });
    process.stdout.write(`written to ${await rewriteReport(benchFolder)}\n`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

await main();
