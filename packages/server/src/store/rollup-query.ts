import { setImmediate as nextTurn } from "node:timers/promises";
import { type ExpressionBuilder, type Kysely, sql } from "kysely";
import { bucketMs, type Resolution } from "../core/usage-buckets.ts";
import { UsageTally } from "../core/usage-tally.ts";
import { rollupSums } from "./rollup-columns.ts";
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

/** Buckets that one statement adds up; between them other work has its turn. */
const bucketsPerSlice = { minute: 240, hour: 24, day: 4 } as const satisfies Record<Resolution, number>;

/**
 * Adds up in the database, slice by slice of time, so that a large answer does not keep calls waiting. Measured: 54,000
 * rows, which are 600 kinds on 90 days, take 170 ms, a slice of them 8.
 */
export async function querySums(database: Kysely<Tables>, query: SumsQuery): Promise<SumsAnswer> {
  const groups: Groups = new Map();
  const sliceMs = bucketsPerSlice[query.resolution] * bucketMs(query.resolution);
  let isCut = false;
  for (let fromMs = query.fromMs; fromMs < query.untilMs && !isCut; fromMs += sliceMs) {
    const untilMs = Math.min(query.untilMs, fromMs + sliceMs);
    const rows = await selectSums(database, { ...query, fromMs, untilMs });
    addRows(groups, rows, query);
    isCut = groups.size > query.limit || rows.length === rowLimit(query);
    await nextTurn();
  }
  return { groups: [...groups.values()].sort(byBucketAndName).slice(0, query.limit), isCut };
}

/** The histograms of a group come as one text, which is several with spaces between. */
async function selectSums(database: Kysely<Tables>, query: SumsQuery): Promise<readonly SumsRow[]> {
  const keys = [
    ...(query.byBucket ? (["usage_rollups.bucket_ms"] as const) : []),
    ...query.groupBy.map((dimension) => columnOf[dimension]),
    "usage_kinds.currency" as const,
  ];
  return database
    .selectFrom("usage_rollups")
    .innerJoin("usage_kinds", "usage_kinds.id", "usage_rollups.kind_id")
    .where((builder) => toCondition(builder, query))
    .select(keys)
    .select(({ fn }) => rollupSums.map(({ column }) => fn.sum<number>(`usage_rollups.${column}`).as(column)))
    .select([
      sql<string>`string_agg(usage_rollups.durations, ' ')`.as("durations"),
      sql<string>`string_agg(usage_rollups.first_bytes, ' ')`.as("first_bytes"),
    ])
    .groupBy(keys)
    .limit(rowLimit(query))
    .execute();
}

/** A group has a row for each currency, and one more for attempts without a cost. */
function rowLimit({ limit }: SumsQuery): number {
  return (limit + 1) * mostCurrencies;
}

/** Adds up by model, of what has no known price. */
export async function queryUnpriced(
  database: Kysely<Tables>,
  query: SumsQuery,
): Promise<readonly UnpricedModel[]> {
  const rows = await database
    .selectFrom("usage_rollups")
    .innerJoin("usage_kinds", "usage_kinds.id", "usage_rollups.kind_id")
    .where((builder) => toCondition(builder, query))
    .where("unpriced_attempts", ">", 0)
    .select(({ fn }) => ["integration", "upstream_model", fn.sum<number>("unpriced_attempts").as("attempts")])
    .groupBy(["integration", "upstream_model"])
    .orderBy("attempts", "desc")
    .orderBy("integration")
    .orderBy("upstream_model")
    .limit(query.limit)
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
  { resolution, fromMs, untilMs, filter, groupBy }: SumsQuery,
) {
  const isByPrincipal = groupBy.includes("principal") || filter.principal !== undefined;
  return builder.and([
    builder("resolution", "=", resolution),
    builder("by_principal", "=", isByPrincipal ? 1 : 0),
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
  for (const row of rows) {
    const names = query.groupBy.map((dimension) => [dimension, String(row[nameOf(dimension)])] as const);
    const start = query.byBucket ? Number(row["bucket_ms"]) : undefined;
    const key = [start ?? "", ...names.map(([, name]) => name)].join("\n");
    let group = groups.get(key);
    if (group === undefined) {
      group = { bucketMs: start, of: Object.fromEntries(names), tally: new UsageTally(), costs: new Map() };
      groups.set(key, group);
    }
    const tally = toTally(row);
    group.tally.merge(tally);
    const currency = String(row["currency"]);
    if (currency !== "") group.costs.set(currency, (group.costs.get(currency) ?? 0) + tally.costMicros);
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

function toTally(row: SumsRow): UsageTally {
  const tally = new UsageTally();
  for (const { column, field } of rollupSums) tally[field] = Number(row[column]);
  tally.durations.mergeText(String(row["durations"]));
  tally.firstBytes.mergeText(String(row["first_bytes"]));
  return tally;
}
