import { HeadPattern } from "./head-pattern.ts";
import { parseResponseHead, type ResponseHead } from "./response-head.ts";

/** Heads that are longer are read afresh each time. */
const longestKept = 2 * 1024;

/**
 * Reads the heads that one server answers with. Within a second many a server sends the same one again, but for the
 * length of the body: such a one is compared with the last, not read. The grammar is `response-head`'s alone.
 */
export class ResponseHeadMemo {
  #head: ResponseHead | undefined;
  #pattern: HeadPattern | undefined;

  /**
   * Offset behind the head at the beginning of `bytes`, when it is like the last one; `last` is that head then,
   * with its own length. −1 when it has to be read.
   */
  match(bytes: Buffer): number {
    const [head, pattern] = [this.#head, this.#pattern];
    if (head === undefined || pattern === undefined) return -1;
    const end = pattern.match(bytes);
    if (end < 0) return -1;
    const { framing } = head;
    if (framing.type === "length" && framing.bytes !== pattern.length)
      this.#head = { ...head, framing: { type: "length", bytes: pattern.length } };
    return end;
  }

  get last(): ResponseHead | undefined {
    return this.#head;
  }

  /**
   * Reads a head, and remembers it unless it is an interim one.
   * @param end offset of the empty line behind the head
   * @throws ResponseHeadError
   */
  read(bytes: Buffer, end: number): ResponseHead {
    const head = parseResponseHead(bytes.toString("latin1", 0, end + 2));
    const { status, framing, lengthDigits } = head;
    if (status < 200 || end > longestKept) return head;
    // Digits that frame nothing are left to the parser.
    const isPlain = framing.type === "length" || lengthDigits === undefined;
    this.#head = isPlain ? head : undefined;
    this.#pattern = isPlain ? new HeadPattern(bytes.subarray(0, end + 4), lengthDigits) : undefined;
    return head;
  }
}
