import type { Kysely } from "kysely";
import { parseAuditLine } from "../core/audit-line.ts";
import type { AuditRecord, ChainHead } from "../core/audit-record.ts";
import {
  parsePruned,
  parseSeal,
  prunedOperation,
  sealedOperation,
  type UsageSeal,
} from "../core/usage-seal.ts";
import { listChains } from "./audit-chains.ts";
import { guardStorageLater } from "./storage-error.ts";
import type { Tables } from "./tables.ts";

const recordsPerPage = 50;

/**
 * The record whose seal reaches furthest, whichever server wrote it; undefined when there is none.
 * Rejects with PlatformError `unavailable`, as all here do.
 */
export async function lastSeal(database: Kysely<Tables>): Promise<UsageSeal | undefined> {
  let furthest: UsageSeal | undefined;
  for (const chain of await guardStorageLater(() => listChains(database))) {
    const row = await guardStorageLater(() =>
      database
        .selectFrom("audit_log")
        .select("line")
        .where("operation", "=", sealedOperation)
        .where("chain", "=", chain)
        .orderBy("sequence", "desc")
        .limit(1)
        .executeTakeFirst(),
    );
    const seal = parseSeal(parseAuditLine(row?.line ?? "")?.after ?? null);
    if (seal !== undefined && lastIdOf(seal) > (furthest === undefined ? 0 : lastIdOf(furthest)))
      furthest = seal;
  }
  return furthest;
}

/** The last row that a seal covers. */
export function lastIdOf({ firstId, pieces }: UsageSeal): number {
  return pieces.at(-1)?.lastId ?? firstId - 1;
}

/** A seal, and the record of the audit log that it stands in. */
export interface PlacedSeal extends Pick<AuditRecord, "chain" | "sequence"> {
  readonly seal: UsageSeal;
}

/** Every seal, in the order of the rows that they cover, up to the heads of the chains. */
export async function* placedSeals(
  database: Kysely<Tables>,
  heads: readonly Pick<ChainHead, "chain" | "sequence">[],
): AsyncGenerator<PlacedSeal> {
  // Each chain is in that order by itself.
  const chains = heads.map((head) => sealsOfChain(database, head));
  const next = await Promise.all(chains.map((chain) => chain.next()));
  for (;;) {
    let least: { readonly at: number; readonly value: PlacedSeal } | undefined;
    for (const [at, { done, value }] of next.entries())
      if (done !== true && (least === undefined || value.seal.firstId < least.value.seal.firstId))
        least = { at, value };
    if (least === undefined) return;
    yield least.value;
    const following = await chains[least.at]?.next();
    if (following !== undefined) next[least.at] = following;
  }
}

async function* sealsOfChain(
  database: Kysely<Tables>,
  { chain, sequence: until }: Pick<ChainHead, "chain" | "sequence">,
): AsyncGenerator<PlacedSeal, undefined> {
  let after = 0;
  for (;;) {
    const rows = await guardStorageLater(() =>
      database
        .selectFrom("audit_log")
        .select(["sequence", "line"])
        .where("operation", "=", sealedOperation)
        .where("chain", "=", chain)
        .where("sequence", ">", after)
        .where("sequence", "<=", until)
        .orderBy("sequence")
        .limit(recordsPerPage)
        .execute(),
    );
    for (const { sequence, line } of rows) {
      // One that is damaged is named by the look through the chain.
      const seal = parseSeal(parseAuditLine(line)?.after ?? null);
      if (seal !== undefined) yield { chain, sequence, seal };
    }
    const last = rows.at(-1);
    if (last === undefined) return undefined;
    after = last.sequence;
  }
}

/** Up to which start records of calls were deleted for their age; 0 when none was. */
export async function readPrunedMs(database: Kysely<Tables>): Promise<number> {
  const rows = await guardStorageLater(() =>
    database.selectFrom("audit_log").select("line").where("operation", "=", prunedOperation).execute(),
  );
  return rows.reduce(
    (latest, { line }) => Math.max(latest, parsePruned(parseAuditLine(line)?.after ?? null)),
    0,
  );
}
