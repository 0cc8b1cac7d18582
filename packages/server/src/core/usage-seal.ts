import type { Json } from "@llm-platform/kit";
import { type AuditEntry, type Digest, platformEntry } from "./audit-record.ts";

/** What a seal covers of a row of the ledger: all that never changes. A cost may be reckoned anew, which is audited itself. */
export interface SealedFacts {
  readonly id: number;
  readonly attempt_id: string;
  readonly started_at_ms: number;
  readonly principal: string;
  readonly operation: string;
  readonly requested_model: string;
  readonly integration: string;
  readonly provider: string;
  readonly upstream_model: string;
  readonly stream: number;
  readonly duration_ms: number;
  readonly first_byte_ms: number | null;
  readonly outcome: string;
  readonly http_status: number | null;
  readonly error_code: string | null;
  readonly input_tokens: number | null;
  readonly output_tokens: number | null;
  readonly cache_read_tokens: number | null;
  readonly cache_write_tokens: number | null;
  readonly reasoning_tokens: number | null;
  readonly usage_source: string;
}

/** Some rows that follow on each other, by their hash. */
export interface SealedPiece {
  /** Covers every id from behind the piece before to this one. */
  readonly lastId: number;
  readonly rows: number;
  /** The earliest start of its rows: once retention deletes what is as old, it cannot be checked any more. */
  readonly earliestMs: number;
  /** SHA-256 of the facts, a line of JSON for each row in the order of the ids. */
  readonly sha256: string;
}

/** What one record of the audit log says of the ledger. */
export interface UsageSeal {
  readonly firstId: number;
  readonly pieces: readonly SealedPiece[];
}

export const sealedOperation = "usage.sealed";
export const prunedOperation = "usage.pruned";
/** Read and hashed in about half a millisecond, and few enough for a person to look through. */
export const rowsPerPiece = 50;
export const piecesPerSeal = 20;
/** Which facts are covered, and how they are written. */
const form = 1;
const target = { type: "usage_ledger", id: null, name: null };

/** @param rows in the order of their ids, at least one */
export function sealPiece(rows: readonly [SealedFacts, ...SealedFacts[]], digest: Digest): SealedPiece {
  const earliestMs = rows.reduce((least, row) => Math.min(least, row.started_at_ms), Infinity);
  const lastId = rows.at(-1)?.id ?? 0;
  return { lastId, rows: rows.length, earliestMs, sha256: digest(rows.map(formatFacts).join("")) };
}

/** What is wrong with the rows of a piece, and how a person is told. */
export const sealFaults = {
  rows_changed: "Some of these records of calls are not as they were sealed.",
  rows_missing: "Some of these records of calls are not there any more.",
  rows_added: "Among these records of calls is one that was not there when they were sealed.",
  unsealed: "No seal covers these records of calls, though there are later ones.",
} as const;

export type SealFault = keyof typeof sealFaults;

/** Undefined when the rows of its range are as they were sealed. */
export function judgePiece(
  piece: SealedPiece,
  found: readonly SealedFacts[],
  digest: Digest,
): SealFault | undefined {
  const [first, ...rest] = found;
  if (found.length > piece.rows) return "rows_added";
  if (first === undefined || found.length < piece.rows) return "rows_missing";
  return sealPiece([first, ...rest], digest).sha256 === piece.sha256 ? undefined : "rows_changed";
}

/** The entry of the audit log that holds a seal. */
export function toSealEntry({ firstId, pieces }: UsageSeal, timeMs: number): AuditEntry {
  const after = {
    form,
    first_id: firstId,
    last_id: pieces.at(-1)?.lastId ?? firstId,
    rows: pieces.reduce((sum, { rows }) => sum + rows, 0),
    pieces: pieces.map(({ lastId, rows, earliestMs, sha256 }) => ({
      last_id: lastId,
      rows,
      earliest_ms: earliestMs,
      sha256,
    })),
  };
  return platformEntry(sealedOperation, timeMs, { outcome: "ok", target, after });
}

/** The entry that says which records of calls are about to be deleted for their age. */
export function toPrunedEntry(beforeMs: number, timeMs: number): AuditEntry {
  return platformEntry(prunedOperation, timeMs, {
    outcome: "ok",
    target,
    after: { before_ms: beforeMs },
  });
}

/** Of the `after` of a record; undefined for one that this version does not know. */
export function parseSeal(after: Json): UsageSeal | undefined {
  if (memberOf(after, "form") !== form) return undefined;
  const firstId = memberOf(after, "first_id");
  const listed = memberOf(after, "pieces");
  if (typeof firstId !== "number" || !Array.isArray(listed)) return undefined;
  return { firstId, pieces: listed.map(toPiece) };
}

/** The same of what was deleted. */
export function parsePruned(after: Json): number {
  return Number(memberOf(after, "before_ms") ?? 0);
}

function toPiece(value: Json): SealedPiece {
  return {
    lastId: Number(memberOf(value, "last_id")),
    rows: Number(memberOf(value, "rows")),
    earliestMs: Number(memberOf(value, "earliest_ms")),
    sha256: String(memberOf(value, "sha256")),
  };
}

function memberOf(value: Json, name: string): Json | undefined {
  return typeof value === "object" && value !== null && name in value
    ? new Map<string, Json>(Object.entries(value)).get(name)
    : undefined;
}

function formatFacts(row: SealedFacts): string {
  const facts = [
    row.id,
    row.attempt_id,
    row.started_at_ms,
    row.principal,
    row.operation,
    row.requested_model,
    row.integration,
    row.provider,
    row.upstream_model,
    row.stream,
    row.duration_ms,
    row.first_byte_ms,
    row.outcome,
    row.http_status,
    row.error_code,
    row.input_tokens,
    row.output_tokens,
    row.cache_read_tokens,
    row.cache_write_tokens,
    row.reasoning_tokens,
    row.usage_source,
  ];
  return `${JSON.stringify(facts)}\n`;
}
