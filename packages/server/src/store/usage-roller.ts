import type { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { bucketStart } from "../core/usage-buckets.ts";
import { UsageTally } from "../core/usage-tally.ts";
import type { RecordGroup } from "./ledger-insert.ts";
import { toLedgerRecord, toUsageRow } from "./ledger-row.ts";
import { type KindTallies, keyOfKind } from "./kind-tallies.ts";
import type { RollupWriter } from "./rollup-writer.ts";
import { guardStorage } from "./storage-error.ts";
import type { UsageProgress } from "./usage-progress.ts";

/** Brings each row of the ledger into the sums, exactly once. */
export interface UsageRoller {
  /** Rows that are in the ledger and not in the sums. */
  readonly behind: number;
  /** The last row that is in the sums. */
  readonly rolledId: number;
  /** Writes what memory holds. Rejects with PlatformError `unavailable`, and then memory holds it still. */
  flush(): Promise<void>;
  /**
   * Reads what is missing from the ledger, in pieces, and takes at most a third of a core for it. Resolves when nothing
   * is missing or the signal says so; rejects with PlatformError `unavailable`, and the next call goes on from there.
   */
  catchUp(signal: AbortSignal, onPiece?: () => void): Promise<void>;
}

/**
 * The id of the last row that is in the sums is written in the transaction that adds to them. Rows that were just
 * inserted are added up in memory, those between that id and the first of these are read from the ledger: after a kill a
 * few, and all of a database from before there were sums.
 */
export interface FollowingRoller extends UsageRoller {
  /**
   * Takes what one transaction put into the ledger: of the records in the groups as many as `inserted`. Never throws.
   * Returns the id of the first row when all of them were inserted, and the others follow in the order of the groups.
   */
  noteInserted(groups: readonly RecordGroup[], inserted: number): number | undefined;
}

export interface RollerParts {
  readonly raw: DatabaseSync;
  readonly progress: UsageProgress;
  readonly writer: RollupWriter;
  /** Told after each transaction how many rows of sums it wrote. */
  onWritten(rows: number): void;
}

/** Tallies that memory holds before they are written: a write of this many takes about 5 ms. */
const mostTallies = 100;
/** Tallies that memory holds while the database cannot be written; then they are read from the ledger again. */
const mostHeldTallies = 5_000;
const rowsPerPiece = 500;
/** In four resolutions, at most as often again over all principals, and in three for the principal alone. */
const rowsPerTally = 11;
const restShare = 2;

export function createUsageRoller(parts: RollerParts): FollowingRoller {
  return new Roller(parts);
}

class Roller implements FollowingRoller {
  readonly #parts: RollerParts;
  readonly #select;
  readonly #selectLast;
  readonly #tallies = new Map<string, KindTallies>();
  #size = 0;
  /** Rows up to here are in the sums. */
  #rolledId: number;
  /** Rows up to here are in the sums or in memory. */
  #seenId: number;
  /** The newest row of the ledger. */
  #lastId: number;

  constructor(parts: RollerParts) {
    const { raw, progress } = parts;
    this.#parts = parts;
    this.#select = raw.prepare("SELECT * FROM usage_ledger WHERE id > ? AND id <= ? ORDER BY id LIMIT ?");
    this.#selectLast = raw.prepare("SELECT max(id) AS id FROM usage_ledger");
    this.#rolledId = progress.read("rolled_id");
    this.#seenId = this.#rolledId;
    this.#lastId = Number(this.#selectLast.get()?.["id"] ?? 0);
  }

  get behind(): number {
    return this.#lastId - this.#rolledId;
  }

  get rolledId(): number {
    return this.#rolledId;
  }

  noteInserted(groups: readonly RecordGroup[], inserted: number): number | undefined {
    const isWhole = inserted === groups.reduce((sum, group) => sum + group.length, 0);
    const isNext = this.#seenId === this.#lastId;
    const firstId = this.#lastId + 1;
    // A row's id is one above the highest, and the highest is never deleted.
    this.#lastId += inserted;
    // Of records that were there already the ledger knows which; `catchUp` or `flush` reads the others from it.
    if (isWhole && isNext) this.#addGroups(groups);
    return isWhole ? firstId : undefined;
  }

  #addGroups(groups: readonly RecordGroup[]): void {
    for (const group of groups) this.#addGroup(group);
    this.#seenId = this.#lastId;
    if (this.#size < mostTallies) return;
    try {
      this.#flushNow();
    } catch {
      // The ledger has the rows, so nothing is lost; the next flush says what is the matter.
      if (this.#size > mostHeldTallies) this.#dropMemory();
    }
  }

  async flush(): Promise<void> {
    this.#flushNow();
  }

  #flushNow(): void {
    guardStorage(() => {
      // A replay of a few records leaves a gap that is read at once; a large one is for `catchUp`.
      if (this.#seenId < this.#lastId && this.#lastId - this.#seenId <= rowsPerPiece) this.#readPiece();
      if (this.#seenId > this.#rolledId) this.#write();
    });
  }

  async catchUp(signal: AbortSignal, onPiece?: () => void): Promise<void> {
    while (this.#seenId < this.#lastId && !signal.aborted) {
      const startedAtMs = performance.now();
      guardStorage(() => {
        this.#readPiece();
        this.#write();
      });
      onPiece?.();
      const restMs = Math.ceil((performance.now() - startedAtMs) * restShare);
      await sleep(restMs, undefined, { signal }).catch(() => undefined);
    }
  }

  #readPiece(): void {
    const rows = this.#select.all(this.#seenId, this.#lastId, rowsPerPiece);
    for (const row of rows) this.#addGroup([toLedgerRecord(toUsageRow(row))]);
    this.#seenId = rows.length < rowsPerPiece ? this.#lastId : Number(rows.at(-1)?.["id"]);
  }

  #write(): void {
    const { raw, progress, writer, onWritten } = this.#parts;
    const size = this.#size;
    raw.exec("BEGIN IMMEDIATE");
    try {
      writer.add(this.#tallies.values());
      progress.write("rolled_id", this.#seenId);
      raw.exec("COMMIT");
    } catch (error) {
      // A full disk makes SQLite roll back by itself.
      if (raw.isTransaction) raw.exec("ROLLBACK");
      writer.forget();
      throw error;
    }
    this.#rolledId = this.#seenId;
    this.#tallies.clear();
    this.#size = 0;
    onWritten(size * rowsPerTally);
  }

  /** @param group records that have everything alike that a kind is made of */
  #addGroup(group: RecordGroup): void {
    const [first] = group;
    const key = keyOfKind(first);
    let ofKind = this.#tallies.get(key);
    if (ofKind === undefined) {
      ofKind = { kind: first, byMinute: new Map() };
      this.#tallies.set(key, ofKind);
    }
    let minute = -1;
    let tally: UsageTally | undefined;
    for (const record of group) {
      const start = bucketStart("minute", record.startedAtMs);
      if (tally === undefined || start !== minute) {
        minute = start;
        tally = ofKind.byMinute.get(start);
        if (tally === undefined) {
          tally = new UsageTally();
          ofKind.byMinute.set(start, tally);
          this.#size++;
        }
      }
      tally.add(record);
    }
  }

  #dropMemory(): void {
    this.#tallies.clear();
    this.#size = 0;
    this.#seenId = this.#rolledId;
  }
}
