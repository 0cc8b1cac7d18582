import type { Digest } from "./audit-record.ts";
import type { LedgerRecord } from "./ledger-record.ts";
import { LineWriter } from "./line-writer.ts";
import { rowsPerPiece, type SealedPiece } from "./usage-seal.ts";

/** Pieces that wait to be sealed, of a million rows. What comes then is read from the ledger. */
const mostPieces = 20_000;

/**
 * Pieces of a seal, made while their rows are still in memory: to read a row again costs as much as a fifth of the call
 * that it is of. Covers rows whose ids follow on each other.
 */
export class SealDrafts {
  readonly #digest: Digest;
  readonly #lines = new LineWriter();
  #pieces: SealedPiece[] = [];
  /** The first row of the first piece. */
  #firstId = 0;
  /** The row that would follow. */
  #nextId = 0;
  #openRows = 0;
  #openEarliestMs = Infinity;

  constructor(digest: Digest) {
    this.#digest = digest;
  }

  /** The first row that is covered; undefined when none is. */
  get firstId(): number | undefined {
    return this.#nextId === this.#firstId ? undefined : this.#firstId;
  }

  /**
   * Takes rows that were just inserted, whose ids follow on each other from `firstId` in the order of the groups. Where they
   * do not follow the last ones, or too many wait already, they are left to be read from the ledger.
   * @param groups each of records that have alike what `isAlike` of the ledger's insert compares
   */
  note(firstId: number, groups: readonly (readonly LedgerRecord[])[]): void {
    if (this.firstId === undefined) {
      this.#firstId = firstId;
      this.#nextId = firstId;
    }
    if (firstId !== this.#nextId || this.#pieces.length >= mostPieces) return;
    for (const group of groups) this.#noteGroup(group);
  }

  /** The first pieces, at most so many. Ends the piece that is being made, when it is among them. */
  first(pieces: number): readonly SealedPiece[] {
    if (this.#pieces.length < pieces) this.#endPiece();
    return this.#pieces.slice(0, pieces);
  }

  /** Lets the first pieces go, up to the one that ends with this row. */
  drop(lastId: number): void {
    const at = this.#pieces.findIndex((piece) => piece.lastId === lastId);
    this.#pieces = this.#pieces.slice(at + 1);
    if (at >= 0) this.#firstId = lastId + 1;
  }

  /** Lets go of all of them: their rows are read from the ledger. */
  forget(): void {
    this.#pieces = [];
    this.#lines.clear();
    this.#openRows = 0;
    this.#openEarliestMs = Infinity;
    this.#firstId = this.#nextId;
  }

  #noteGroup(group: readonly LedgerRecord[]): void {
    const [first] = group;
    if (first === undefined) return;
    const names = `,${members([first.principal, first.operation, first.requestedModel, first.integration, first.provider, first.upstreamModel, first.stream ? 1 : 0])},`;
    const end = `,${members([first.outcome, first.httpStatus, first.errorCode])},`;
    const source = `,${members([first.usageSource])}]\n`;
    const lines = this.#lines;
    for (const record of group) {
      lines.text("[");
      lines.number(this.#nextId++);
      lines.text(",");
      lines.quoted(record.attemptId);
      lines.text(",");
      lines.number(record.startedAtMs);
      lines.text(names);
      lines.number(record.durationMs);
      lines.text(",");
      lines.number(record.firstByteMs);
      lines.text(end);
      lines.number(record.inputTokens);
      lines.text(",");
      lines.number(record.outputTokens);
      lines.text(",");
      lines.number(record.cacheReadTokens);
      lines.text(",");
      lines.number(record.cacheWriteTokens);
      lines.text(",");
      lines.number(record.reasoningTokens);
      lines.text(source);
      this.#openRows++;
      this.#openEarliestMs = Math.min(this.#openEarliestMs, record.startedAtMs);
      if (this.#openRows === rowsPerPiece) this.#endPiece();
    }
  }

  #endPiece(): void {
    if (this.#openRows === 0) return;
    this.#pieces.push({
      lastId: this.#nextId - 1,
      rows: this.#openRows,
      earliestMs: this.#openEarliestMs,
      sha256: this.#digest(this.#lines.written),
    });
    this.#lines.clear();
    this.#openRows = 0;
    this.#openEarliestMs = Infinity;
  }
}

/** Members of an array as JSON writes them. Half a surrogate pair is what a database makes of it. */
function members(values: readonly (string | number | null)[]): string {
  return JSON.stringify(
    values.map((value) => (typeof value === "string" ? value.toWellFormed() : value)),
  ).slice(1, -1);
}
