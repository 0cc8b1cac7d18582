import { HeadPattern } from "./head-pattern.ts";
import { type HttpHead, readHttpHead } from "./http-head.ts";

/** Heads that are longer are read afresh each time. */
const longestKept = 2 * 1024;

/**
 * Reads the heads of one connection. Clients mostly send the same head again, but for the length of the body:
 * such a one is compared with the last, not read. What `http-head` would not take is never remembered, so that this
 * knows no grammar of its own.
 */
export class HeadMemo {
  #head: HttpHead | undefined;
  #pattern: HeadPattern | undefined;

  /**
   * Offset behind the head at the beginning of `bytes`, when it is like the last one; `last` is that head then,
   * with its own length. −1 when it has to be read.
   */
  match(bytes: Buffer): number {
    const [head, pattern] = [this.#head, this.#pattern];
    if (head === undefined || pattern === undefined) return -1;
    const end = pattern.match(bytes);
    if (end >= 0) head.contentLength = pattern.length;
    return end;
  }

  get last(): HttpHead | undefined {
    return this.#head;
  }

  /**
   * Reads a head and remembers it. The head that was read before may change when the next one matches.
   * @param end offset of the empty line behind the head
   * @returns undefined for a head that is node:http's to read
   */
  read(bytes: Buffer, end: number): HttpHead | undefined {
    const head = readHttpHead(bytes.toString("latin1", 0, end + 2));
    this.#head = undefined;
    if (head === undefined || end > longestKept) return head;
    this.#head = head;
    this.#pattern = new HeadPattern(bytes.subarray(0, end + 4), {
      start: head.lengthStart,
      end: head.lengthEnd,
    });
    return head;
  }
}
