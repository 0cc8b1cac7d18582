import { hash } from "node:crypto";
import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import type { Kysely } from "kysely";
import {
  piecesPerSeal,
  rowsPerPiece,
  type SealedFacts,
  type SealedPiece,
  sealPiece,
  toPrunedEntry,
  toSealEntry,
} from "../core/usage-seal.ts";
import type { AuditLog } from "./audit-log.ts";
import { lastIdOf, lastSeal } from "./seal-records.ts";
import { guardStorageLater } from "./storage-error.ts";
import type { Tables } from "./tables.ts";

export interface UsageSealsParts {
  readonly database: Kysely<Tables>;
  /** Resolves when everything in the ledger survives a loss of power. */
  makeDurable(): Promise<void>;
  readonly audit: Pick<AuditLog, "append">;
  /** Wall time. */
  readonly nowMs: () => number;
  /** Whether nothing may be sealed now: a seal must not get into a backup without its rows. */
  isHeld(): boolean;
}

/** Ties the records of calls to the audit log: each is covered by the hash in one of its records. */
export interface UsageSeals {
  /**
   * Seals what no seal covers yet, in the order of the ids, and takes at most a third of a core for it.
   * Resolves with how many rows it sealed; rejects with PlatformError `audit_unavailable` or `unavailable`, and the next
   * call goes on from there.
   */
  seal(signal?: AbortSignal): Promise<number>;
  /** The last row that is sealed. Rejects with PlatformError `unavailable`. */
  sealedId(): Promise<number>;
  /** Has on record that older rows are deleted now. Rejects as `seal` does, and then they must stay. */
  notePruned(beforeMs: number): Promise<void>;
}

const restShare = 2;
const digest = (text: string): string => hash("sha256", text);

export function createUsageSeals(parts: UsageSealsParts): UsageSeals {
  const { database, audit, nowMs } = parts;
  const state: { sealedId: number | undefined } = { sealedId: undefined };

  async function sealedId(): Promise<number> {
    // What the chain itself says: nothing beside it tells how far the seals go.
    state.sealedId ??= await readSealedId(database);
    return state.sealedId;
  }

  /** Returns how many rows it sealed: 0 when there is none left. */
  async function sealSome(): Promise<number> {
    if (parts.isHeld()) return 0;
    const after = await sealedId();
    const pieces = await readPieces(database, after);
    const last = pieces.at(-1);
    if (last === undefined) return 0;
    // Otherwise a loss of power could take rows of which the seal is there.
    await parts.makeDurable();
    await audit.append(toSealEntry({ firstId: after + 1, pieces }, nowMs()));
    state.sealedId = last.lastId;
    return pieces.reduce((sum, { rows }) => sum + rows, 0);
  }

  return {
    sealedId,
    async seal(signal) {
      let sealed = 0;
      while (signal?.aborted !== true) {
        const startedAtMs = performance.now();
        const rows = await sealSome();
        sealed += rows;
        if (rows < rowsPerPiece * piecesPerSeal) break;
        const restMs = Math.ceil((performance.now() - startedAtMs) * restShare);
        await sleep(restMs, undefined, { signal }).catch(() => undefined);
      }
      return sealed;
    },
    notePruned: (beforeMs) => audit.append(toPrunedEntry(beforeMs, nowMs())),
  };
}

async function readSealedId(database: Kysely<Tables>): Promise<number> {
  const seal = await lastSeal(database);
  return seal === undefined ? 0 : lastIdOf(seal);
}

async function readPieces(database: Kysely<Tables>, afterId: number): Promise<readonly SealedPiece[]> {
  const pieces: SealedPiece[] = [];
  let after = afterId;
  while (pieces.length < piecesPerSeal) {
    const [first, ...rest] = await readFacts(database, after);
    if (first === undefined) break;
    const piece = sealPiece([first, ...rest], digest);
    pieces.push(piece);
    after = piece.lastId;
    await nextTurn();
    if (piece.rows < rowsPerPiece) break;
  }
  return pieces;
}

function readFacts(database: Kysely<Tables>, afterId: number): Promise<readonly SealedFacts[]> {
  return guardStorageLater(() =>
    database
      .selectFrom("usage_ledger")
      .selectAll()
      .where("id", ">", afterId)
      .orderBy("id")
      .limit(rowsPerPiece)
      .execute(),
  );
}
