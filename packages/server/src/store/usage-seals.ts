import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import type { Kysely } from "kysely";
import type { SealDrafts } from "../core/seal-drafts.ts";
import {
  judgePiece,
  piecesPerSeal,
  rowsPerPiece,
  type SealedFacts,
  type SealedPiece,
  sealPiece,
  toPrunedEntry,
  toSealEntry,
} from "../core/usage-seal.ts";
import type { AuditLog } from "./audit-log.ts";
import { digest } from "./digest.ts";
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
  /** Pieces that were made when their rows were inserted; absent where other servers insert rows as well. */
  readonly drafts?: SealDrafts | undefined;
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

export function createUsageSeals(parts: UsageSealsParts): UsageSeals {
  const { database, audit, nowMs, drafts } = parts;
  const state: { sealedId: number | undefined; seals: number } = { sealedId: undefined, seals: 0 };

  async function sealedId(): Promise<number> {
    // What the chain itself says: nothing beside it tells how far the seals go.
    state.sealedId ??= await readSealedId(database);
    return state.sealedId;
  }

  async function nextPieces(after: number): Promise<readonly SealedPiece[]> {
    const firstDraft = drafts?.firstId;
    if (drafts === undefined || firstDraft === undefined) return readPieces(database, after, Infinity);
    if (firstDraft > after + 1) {
      const before = await readPieces(database, after, firstDraft - 1);
      if (before.length > 0) return before;
    }
    if (firstDraft === after + 1) {
      const made = drafts.first(piecesPerSeal);
      if (await areInLedger(made, after)) return made;
    }
    drafts.forget();
    return readPieces(database, after, Infinity);
  }

  /** Whether the ledger has as many rows, and those of one piece, another each time, as they were drafted. */
  async function areInLedger(pieces: readonly SealedPiece[], after: number): Promise<boolean> {
    const lastId = pieces.at(-1)?.lastId ?? after;
    if ((await countRows(database, after, lastId)) !== countOf(pieces)) return false;
    const at = state.seals++ % Math.max(1, pieces.length);
    const piece = pieces[at];
    if (piece === undefined) return true;
    const found = await readFacts(database, pieces[at - 1]?.lastId ?? after, piece.lastId);
    return judgePiece(piece, found, digest) === undefined;
  }

  /** Whether more rows wait is told by those that were there when it began: under load there are always new ones. */
  async function sealSome(): Promise<{ readonly rows: number; readonly isMore: boolean }> {
    const none = { rows: 0, isMore: false };
    if (parts.isHeld()) return none;
    const after = await sealedId();
    const firstDraft = drafts?.firstId;
    const pieces = await nextPieces(after);
    const last = pieces.at(-1);
    if (last === undefined) return none;
    // Otherwise a loss of power could take rows of which the seal is there.
    await parts.makeDurable();
    await audit.append(toSealEntry({ firstId: after + 1, pieces }, nowMs()));
    state.sealedId = last.lastId;
    drafts?.drop(last.lastId);
    const rows = countOf(pieces);
    return { rows, isMore: rows === rowsPerPiece * piecesPerSeal || last.lastId + 1 === firstDraft };
  }

  return {
    sealedId,
    async seal(signal) {
      let sealed = 0;
      while (signal?.aborted !== true) {
        const startedAtMs = performance.now();
        const { rows, isMore } = await sealSome();
        sealed += rows;
        if (!isMore) break;
        const restMs = Math.ceil((performance.now() - startedAtMs) * restShare);
        await sleep(restMs, undefined, { signal }).catch(() => undefined);
      }
      return sealed;
    },
    notePruned: (beforeMs) => audit.append(toPrunedEntry(beforeMs, nowMs())),
  };
}

function countOf(pieces: readonly SealedPiece[]): number {
  return pieces.reduce((sum, { rows }) => sum + rows, 0);
}

async function readSealedId(database: Kysely<Tables>): Promise<number> {
  const seal = await lastSeal(database);
  return seal === undefined ? 0 : lastIdOf(seal);
}

async function readPieces(
  database: Kysely<Tables>,
  afterId: number,
  untilId: number,
): Promise<readonly SealedPiece[]> {
  const pieces: SealedPiece[] = [];
  let after = afterId;
  while (pieces.length < piecesPerSeal) {
    const [first, ...rest] = await readFacts(database, after, untilId);
    if (first === undefined) break;
    const piece = sealPiece([first, ...rest], digest);
    pieces.push(piece);
    after = piece.lastId;
    await nextTurn();
    if (piece.rows < rowsPerPiece) break;
  }
  return pieces;
}

function readFacts(
  database: Kysely<Tables>,
  afterId: number,
  untilId: number,
): Promise<readonly SealedFacts[]> {
  return guardStorageLater(() =>
    database
      .selectFrom("usage_ledger")
      .selectAll()
      .where("id", ">", afterId)
      .where("id", "<=", Math.min(untilId, Number.MAX_SAFE_INTEGER))
      .orderBy("id")
      .limit(rowsPerPiece)
      .execute(),
  );
}

async function countRows(database: Kysely<Tables>, afterId: number, untilId: number): Promise<number> {
  const { rows } = await guardStorageLater(() =>
    database
      .selectFrom("usage_ledger")
      .select(({ fn }) => fn.countAll().as("rows"))
      .where("id", ">", afterId)
      .where("id", "<=", untilId)
      .executeTakeFirstOrThrow(),
  );
  return Number(rows);
}
