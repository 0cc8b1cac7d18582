import { endOfLongString } from "./json-string.ts";

/** The scan of a JSON text, where a long string has just ended. */
interface Place {
  /** Offset behind the quote that opened the string. */
  readonly from: number;
  /** Offset behind the quote that closed it. */
  readonly behind: number;
  /** Open brackets, and one bit for each: 1 for an object. At most 32. */
  readonly depth: number;
  readonly kinds: number;
  /** Where the key of the outermost object's member begins in which the string stands. */
  readonly member: number;
  /** Values so far. */
  readonly nodes: number;
}

/** What stands between two strings, as offsets into the text. */
interface Run {
  readonly start: number;
  readonly length: number;
  /** Values that a run brings, the string behind it with them. */
  readonly nodes: number;
}

/** A longer run hardly comes again. */
const longestRun = 256;

/**
 * Passes over what repeats itself between the long strings of a JSON text (RFC 8259): in a conversation, `},{"role":"user","content":"`.
 *
 * The scan is an automaton: its state behind a string's end is the open brackets and no more. So bytes that it has
 * taken from such a place to the text of another string, with the same brackets open here and there, lead from a place with
 * these brackets open to the same end again, and are compared instead of scanned. The runs are those of the text itself:
 * nothing is kept beyond its scan.
 */
export class RepeatedRuns {
  readonly #bytes: Buffer;
  readonly #end: number;
  readonly #maxNodes: number;
  /** The last place. */
  #behind = 0;
  #depth = 0;
  #kinds = 0;
  #member = 0;
  /** The two runs that were found last with these brackets open: two speakers take turns. */
  #newer: Run | undefined;
  #older: Run | undefined;
  /** Values up to the place that `follow` came to. */
  nodes = 0;

  /** @param end offset behind the text in `bytes` */
  constructor(bytes: Buffer, end: number, maxNodes: number) {
    this.#bytes = bytes;
    this.#end = end;
    this.#maxNodes = maxNodes;
  }

  /**
   * Goes from the end of a long string over all that repeats itself to the end of another.
   * @returns offset behind the closing quote there, or -1 when a string does not end; it stops where there are too many values
   */
  follow({ from, behind, depth, kinds, member, nodes }: Place): number {
    // Above the open brackets the bits are those of closed ones.
    const open = depth === 32 ? kinds : kinds & ((1 << depth) - 1);
    if (depth !== this.#depth || open !== this.#kinds) this.#forget();
    // Of each member of the outermost object the scan tells: no run may pass over where one ends.
    else if (member === this.#member) this.#learn(from, nodes);
    this.#depth = depth;
    this.#kinds = open;
    this.#member = member;
    this.nodes = nodes;
    let at = behind;
    for (let run = this.#runAt(at); run !== undefined; run = this.#runAt(at)) {
      this.nodes += run.nodes;
      at = endOfLongString(this.#bytes, at + run.length, this.#end) + 1;
      if (at === 0) return -1;
      if (this.nodes > this.#maxNodes) break;
    }
    this.#behind = at;
    return at;
  }

  #forget(): void {
    this.#newer = undefined;
    this.#older = undefined;
  }

  #learn(end: number, nodes: number): void {
    const start = this.#behind;
    if (end - start > longestRun) return;
    this.#older = this.#newer;
    this.#newer = { start, length: end - start, nodes: nodes - this.nodes };
  }

  /** The run that stands at `at` once more. */
  #runAt(at: number): Run | undefined {
    if (this.#newer === undefined) return undefined;
    if (this.#older !== undefined && this.#isAt(this.#older, at)) {
      const run = this.#older;
      this.#older = this.#newer;
      this.#newer = run;
      return run;
    }
    return this.#isAt(this.#newer, at) ? this.#newer : undefined;
  }

  #isAt({ start, length }: Run, at: number): boolean {
    const bytes = this.#bytes;
    if (at + length > this.#end) return false;
    for (let index = 0; index < length; index++) {
      if (bytes[start + index] !== bytes[at + index]) return false;
    }
    return true;
  }
}
