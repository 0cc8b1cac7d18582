import type { Kysely } from "kysely";
import {
  completedBytesOf,
  isOver,
  type Pull,
  type PullPhase,
  pullPhases,
  totalBytesOf,
} from "../core/pull.ts";
import { guardStorageLater } from "./storage-error.ts";
import type { PullRow, Tables } from "./tables.ts";

/** Pulls as they are kept. Every member rejects with PlatformError `unavailable` when the database does not answer. */
export interface PullRows {
  /** Of this server; empty where there is only one. */
  readonly replica: string;
  /** Newest first, of every replica. */
  list(limit: number): Promise<readonly Pull[]>;
  find(id: string): Promise<Pull | undefined>;
  /** Those of this replica that are not over, oldest first. */
  unfinished(): Promise<readonly Pull[]>;
  /** Inserts it, or puts it in the place of what was there. The oldest beyond a thousand that are over go. */
  put(pull: Pull): Promise<void>;
}

const keptPulls = 1_000;
const overPhases: readonly PullPhase[] = pullPhases.filter(isOver);

/** @param replica which server's disk the files come to; empty where there is only one */
export function createPullRows(database: Kysely<Tables>, replica: string): PullRows {
  const newest = () => database.selectFrom("pulls").selectAll().orderBy("created_at_ms", "desc");
  return {
    replica,
    list: (limit) => guardStorageLater(async () => (await newest().limit(limit).execute()).map(toPull)),
    find: (id) =>
      guardStorageLater(async () => {
        const row = await database.selectFrom("pulls").selectAll().where("id", "=", id).executeTakeFirst();
        return row === undefined ? undefined : toPull(row);
      }),
    unfinished: () =>
      guardStorageLater(async () => {
        const rows = await database
          .selectFrom("pulls")
          .selectAll()
          .where("replica", "=", replica)
          .where("phase", "not in", overPhases)
          .orderBy("created_at_ms")
          .execute();
        return rows.map(toPull);
      }),
    put: (pull) =>
      guardStorageLater(async () => {
        const { id, ...row } = toRow(pull);
        await database
          .insertInto("pulls")
          .values({ id, ...row })
          .onConflict((conflict) => conflict.column("id").doUpdateSet(row))
          .execute();
        if (isOver(pull.phase)) await forgetOldest(database);
      }),
  };
}

async function forgetOldest(database: Kysely<Tables>): Promise<void> {
  const oldest = await database
    .selectFrom("pulls")
    .select("created_at_ms")
    .orderBy("created_at_ms", "desc")
    .offset(keptPulls)
    .limit(1)
    .executeTakeFirst();
  if (oldest === undefined) return;
  await database
    .deleteFrom("pulls")
    .where("created_at_ms", "<=", oldest.created_at_ms)
    .where("phase", "in", overPhases)
    .execute();
}

function toRow(pull: Pull): PullRow {
  return {
    id: pull.id,
    replica: pull.replica,
    kind: pull.request.kind,
    source: pull.request.source,
    request: JSON.stringify(pull.request),
    phase: pull.phase,
    detail: pull.detail ?? null,
    error_code: pull.failure?.code ?? null,
    error_message: pull.failure?.message ?? null,
    revision: pull.revision ?? null,
    license: pull.license ?? null,
    files: JSON.stringify(pull.files),
    models: JSON.stringify(pull.models),
    completed_bytes: completedBytesOf(pull),
    total_bytes: totalBytesOf(pull) ?? null,
    created_by: pull.createdBy,
    created_by_name: pull.createdByName,
    created_at_ms: pull.createdAtMs,
    updated_at_ms: pull.updatedAtMs,
    finished_at_ms: pull.finishedAtMs ?? null,
  };
}

function toPull(row: PullRow): Pull {
  return {
    id: row.id,
    replica: row.replica,
    // Written by this file, from a value of the type.
    request: JSON.parse(row.request),
    phase: pullPhases.find((phase) => phase === row.phase) ?? "failed",
    detail: row.detail ?? undefined,
    failure: row.error_code === null ? undefined : { code: row.error_code, message: row.error_message ?? "" },
    revision: row.revision ?? undefined,
    license: row.license ?? undefined,
    files: JSON.parse(row.files),
    models: JSON.parse(row.models),
    bytesPerSecond: undefined,
    createdBy: row.created_by,
    createdByName: row.created_by_name,
    createdAtMs: Number(row.created_at_ms),
    updatedAtMs: Number(row.updated_at_ms),
    finishedAtMs: row.finished_at_ms === null ? undefined : Number(row.finished_at_ms),
  };
}
