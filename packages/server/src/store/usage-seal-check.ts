import { setImmediate as nextTurn } from "node:timers/promises";
import type { Kysely } from "kysely";
import type { ChainHead } from "../core/audit-record.ts";
import {
  judgePiece,
  type SealedFacts,
  type SealedPiece,
  type SealFault,
  type UsageSeal,
} from "../core/usage-seal.ts";
import { digest } from "./digest.ts";
import { placedSeals, readPrunedMs } from "./seal-records.ts";
import { guardStorageLater } from "./storage-error.ts";
import type { Tables } from "./tables.ts";

/** What a look at the ledger by its seals came to. */
export interface SealVerdict {
  /** Seals whose rows are as they were, as far as they are kept. */
  readonly seals: number;
  readonly rows: number;
  /** Rows that retention deleted, and their next neighbours: they cannot be checked any more. */
  readonly rowsNotKept: number;
  readonly firstBad: BadSeal | undefined;
}

export interface BadSeal {
  /** Of the record in the audit log. */
  readonly chain: string;
  readonly sequence: number;
  /** The rows among which it is. */
  readonly firstId: number;
  readonly lastId: number;
  readonly reason: SealFault;
}

/**
 * Recomputes every seal of the audit log over the rows that are kept, up to the first that is not sound.
 * The audit log must have been looked through before. Rejects with PlatformError `unavailable`.
 * @param heads the last record that is looked at, of each chain
 */
export async function checkSeals(
  database: Kysely<Tables>,
  heads: readonly Pick<ChainHead, "chain" | "sequence">[],
): Promise<SealVerdict> {
  const check = new SealCheck(database, await readPrunedMs(database));
  for await (const { chain, sequence, seal } of placedSeals(database, heads)) {
    const bad = await check.take(seal);
    if (bad !== undefined) return { ...check.counts, firstBad: { ...bad, chain, sequence } };
  }
  return { ...check.counts, firstBad: undefined };
}

class SealCheck {
  readonly #database: Kysely<Tables>;
  #prunedMs: number;
  #covered = 0;
  readonly #counts = { seals: 0, rows: 0, rowsNotKept: 0 };

  constructor(database: Kysely<Tables>, prunedMs: number) {
    this.#database = database;
    this.#prunedMs = prunedMs;
  }

  get counts(): Omit<SealVerdict, "firstBad"> {
    return { ...this.#counts };
  }

  async take({ firstId, pieces }: UsageSeal): Promise<Omit<BadSeal, "chain" | "sequence"> | undefined> {
    if (firstId > this.#covered + 1)
      return { firstId: this.#covered + 1, lastId: firstId - 1, reason: "unsealed" };
    let from = firstId;
    for (const piece of pieces) {
      const reason = await this.#judge(piece, from);
      if (reason !== undefined) return { firstId: from, lastId: piece.lastId, reason };
      from = piece.lastId + 1;
      await nextTurn();
    }
    this.#covered = Math.max(this.#covered, from - 1);
    this.#counts.seals++;
    return undefined;
  }

  async #judge(piece: SealedPiece, from: number): Promise<SealFault | undefined> {
    if (piece.earliestMs >= this.#prunedMs) {
      const fault = judgePiece(piece, await this.#read(piece, from), digest);
      if (fault === undefined) {
        this.#counts.rows += piece.rows;
        return undefined;
      }
      // They may have been deleted for their age while this goes on.
      this.#prunedMs = await readPrunedMs(this.#database);
      if (piece.earliestMs >= this.#prunedMs) return fault;
    }
    this.#counts.rowsNotKept += piece.rows;
    return undefined;
  }

  /** One more than there were, when there are more. */
  #read({ lastId, rows }: SealedPiece, from: number): Promise<readonly SealedFacts[]> {
    const upTo = this.#database.selectFrom("usage_ledger").selectAll().where("id", "<=", lastId);
    // Nothing may stand before the first row either.
    const query = from === 1 ? upTo : upTo.where("id", ">=", from);
    return guardStorageLater(() =>
      query
        .orderBy("id")
        .limit(rows + 1)
        .execute(),
    );
  }
}
