import { setImmediate as nextTurn } from "node:timers/promises";
import { type ExpressionBuilder, type Kysely, sql } from "kysely";
import { type BucketRun, bucketMs, type Resolution, toCoarseRuns } from "../core/usage-buckets.ts";
import { UsageTally } from "../core/usage-tally.ts";
import { type RollupGrain, rollupGrains, rollupSums } from "./rollup-columns.ts";
import type { Tables } from "./tables.ts";

/** By what sums can be told apart. */
export type UsageDimension = "principal" | "integration" | "provider" | "upstreamModel" | "operation";

export type UsageFilter = Readonly<Partial<Record<UsageDimension, string | undefined>>>;

export interface SumsQuery {
  readonly resolution: Resolution;
  /** Start of the first bucket. */
  readonly fromMs: number;
  /** Buckets that begin then or later do not count. */
  readonly untilMs: number;
  /** Whether each bucket has rows of its own. */
  readonly byBucket: boolean;
  readonly groupBy: readonly UsageDimension[];
  readonly filter: UsageFilter;
  /** Whether the histograms are read, which are most of what there is to read. Without them they are empty. */
  readonly withHistograms: boolean;
  /** Groups that are answered; of more the first. */
  readonly limit: number;
}

/** What one group came to. */
export interface SumsGroup {
  /** Undefined when all buckets are in one. */
  readonly bucketMs: number | undefined;
  readonly of: Readonly<Partial<Record<UsageDimension, string>>>;
  readonly tally: UsageTally;
  /** By currency, in millionths of it. */
  readonly costs: ReadonlyMap<string, number>;
}

export interface SumsAnswer {
  /** By bucket, then by the names in `of`. */
  readonly groups: readonly SumsGroup[];
  /** There are more than the limit. */
  readonly isCut: boolean;
}

export interface UnpricedModel {
  readonly integration: string;
  readonly upstreamModel: string;
  readonly attempts: number;
}

const columnOf = {
  principal: "usage_kinds.principal",
  integration: "usage_kinds.integration",
  provider: "usage_kinds.provider",
  upstreamModel: "usage_kinds.upstream_model",
  operation: "usage_kinds.operation",
} as const satisfies Record<UsageDimension, string>;

/** What one statement aims to take: between them other work has its turn. */
const sliceTakesMs = 10;

/**
 * Adds up in the database, slice by slice of time, so that a large answer does not keep calls waiting. Where buckets are not
 * told apart it reads the coarsest that there are. `bench/usage-query.ts` tells what it takes.
 */
export async function querySums(database: Kysely<Tables>, query: SumsQuery): Promise<SumsAnswer> {
  const groups: Groups = new Map();
  const runs = query.byBucket ? [query] : toCoarseRuns(query);
  let isCut = false;
  for (const run of runs) {
    const size = bucketMs(run.resolution);
    let buckets = 1;
    for (let fromMs = run.fromMs; fromMs < run.untilMs && !isCut; ) {
      const untilMs = Math.min(run.untilMs, fromMs + buckets * size);
      const startedAtMs = performance.now();
      const rows = await selectSums(database, query, { resolution: run.resolution, fromMs, untilMs });
      addRows(groups, rows, query);
      isCut = groups.size > query.limit || rows.length === rowLimit(query);
      fromMs = untilMs;
      const tookMs = performance.now() - startedAtMs;
      buckets =
        tookMs < sliceTakesMs / 2 ? buckets * 2 : tookMs > sliceTakesMs ? Math.ceil(buckets / 2) : buckets;
      await nextTurn();
    }
  }
  return { groups: [...groups.values()].sort(byBucketAndName).slice(0, query.limit), isCut };
}

/** The histograms of a group come as one text, which is several with spaces between. */
async function selectSums(
  database: Kysely<Tables>,
  query: SumsQuery,
  run: BucketRun,
): Promise<readonly SumsRow[]> {
  const keys = [
    ...(query.byBucket ? (["usage_rollups.bucket_ms"] as const) : []),
    ...query.groupBy.map((dimension) => columnOf[dimension]),
    "usage_kinds.currency" as const,
  ];
  return database
    .selectFrom("usage_rollups")
    .innerJoin("usage_kinds", "usage_kinds.id", "usage_rollups.kind_id")
    .where((builder) => toCondition(builder, query.filter, { ...run, grain: grainOf(query, run) }))
    .select(keys)
    .select(({ fn }) => rollupSums.map(({ column }) => fn.sum<number>(`usage_rollups.${column}`).as(column)))
    .$if(query.withHistograms, (select) =>
      select.select([
        sql<string>`string_agg(usage_rollups.durations, ' ')`.as("durations"),
        sql<string>`string_agg(usage_rollups.first_bytes, ' ')`.as("first_bytes"),
      ]),
    )
    .groupBy(keys)
    .limit(rowLimit(query))
    .execute();
}

/** The rows that tell apart what is asked for, and the least besides. */
function grainOf({ groupBy, filter }: SumsQuery, { resolution }: BucketRun): RollupGrain {
  const asked = new Set([...groupBy, ...dimensions.filter((dimension) => filter[dimension] !== undefined)]);
  if (!asked.has("principal")) return rollupGrains.overPrincipals;
  return asked.size > 1 || resolution === "minute" ? rollupGrains.everything : rollupGrains.principals;
}

/** A group has a row for each currency, and one more for attempts without a cost. */
function rowLimit({ limit }: SumsQuery): number {
  return (limit + 1) * mostCurrencies;
}

/** Adds up by model, of what has no known price. */
export async function queryUnpriced(
  database: Kysely<Tables>,
  { filter, limit, ...whole }: Pick<SumsQuery, "resolution" | "fromMs" | "untilMs" | "filter" | "limit">,
): Promise<readonly UnpricedModel[]> {
  const grain = filter.principal === undefined ? rollupGrains.overPrincipals : rollupGrains.everything;
  const rows = await database
    .selectFrom("usage_rollups")
    .innerJoin("usage_kinds", "usage_kinds.id", "usage_rollups.kind_id")
    .where((builder) =>
      builder.or(toCoarseRuns(whole).map((run) => toCondition(builder, filter, { ...run, grain }))),
    )
    .where("unpriced_attempts", ">", 0)
    .select(({ fn }) => ["integration", "upstream_model", fn.sum<number>("unpriced_attempts").as("attempts")])
    .groupBy(["integration", "upstream_model"])
    .orderBy("attempts", "desc")
    .orderBy("integration")
    .orderBy("upstream_model")
    .limit(limit)
    .execute();
  return rows.map((row) => ({
    integration: row.integration,
    upstreamModel: row.upstream_model,
    attempts: Number(row.attempts),
  }));
}

/** Rows of a group that are read, should it have so many. */
const mostCurrencies = 8;

function toCondition(
  builder: ExpressionBuilder<Tables, "usage_rollups" | "usage_kinds">,
  filter: UsageFilter,
  { resolution, fromMs, untilMs, grain }: BucketRun & { readonly grain: RollupGrain },
) {
  return builder.and([
    builder("resolution", "=", resolution),
    builder("by_principal", "=", grain),
    builder("bucket_ms", ">=", fromMs),
    builder("bucket_ms", "<", untilMs),
    ...dimensions.flatMap((dimension) => {
      const value = filter[dimension];
      return value === undefined ? [] : [builder(columnOf[dimension], "=", value)];
    }),
  ]);
}

const dimensions = ["principal", "integration", "provider", "upstreamModel", "operation"] as const;

type SumsRow = Readonly<Record<string, string | number | undefined>>;

type Groups = Map<string, SumsGroup & { readonly costs: Map<string, number> }>;

function addRows(groups: Groups, rows: readonly SumsRow[], query: SumsQuery): void {
  const columns = query.groupBy.map((dimension) => [dimension, nameOf(dimension)] as const);
  for (const row of rows) {
    let key = query.byBucket ? String(row["bucket_ms"]) : "";
    for (const [, column] of columns) key += `\n${row[column]}`;
    let group = groups.get(key);
    if (group === undefined) {
      const of = Object.fromEntries(columns.map(([dimension, column]) => [dimension, String(row[column])]));
      const start = query.byBucket ? Number(row["bucket_ms"]) : undefined;
      group = { bucketMs: start, of, tally: new UsageTally(), costs: new Map() };
      groups.set(key, group);
    }
    addRow(group.tally, row);
    const currency = String(row["currency"]);
    if (currency !== "")
      group.costs.set(currency, (group.costs.get(currency) ?? 0) + Number(row["cost_micros"]));
  }
}

function byBucketAndName(a: SumsGroup, b: SumsGroup): number {
  const byBucket = (a.bucketMs ?? 0) - (b.bucketMs ?? 0);
  if (byBucket !== 0) return byBucket;
  for (const dimension of dimensions) {
    const [one = "", other = ""] = [a.of[dimension], b.of[dimension]];
    if (one !== other) return one < other ? -1 : 1;
  }
  return 0;
}

/** A column without its table, as a row has it. */
function nameOf(dimension: UsageDimension): string {
  return columnOf[dimension].slice("usage_kinds.".length);
}

function addRow(tally: UsageTally, row: SumsRow): void {
  for (const { column, field } of rollupSums) tally[field] += Number(row[column]);
  if (row["durations"] === undefined) return;
  tally.durations.mergeText(String(row["durations"]));
  tally.firstBytes.mergeText(String(row["first_bytes"]));
}
