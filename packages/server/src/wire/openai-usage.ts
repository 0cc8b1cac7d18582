import type { Usage } from "@llm-platform/kit";
import { isTextAt, type JsonLimits, type MemberVisitor, scanJsonObject } from "./json-scan.ts";

const usageLimits: JsonLimits = { maxDepth: 8, maxNodes: 1_000 };

/** The counts in a `usage` object, found without building it: a parse of it cost as much as the scan of the whole reply. */
class UsageVisitor implements MemberVisitor {
  readonly #bytes: Buffer;
  readonly #isDetails: boolean;
  inputTokens: number | undefined;
  outputTokens: number | undefined;
  cachedTokens: number | undefined;
  reasoningTokens: number | undefined;

  constructor(bytes: Buffer, isDetails: boolean) {
    this.#bytes = bytes;
    this.#isDetails = isDetails;
  }

  // oxlint-disable-next-line max-params -- the four offsets of a member
  member(keyStart: number, keyEnd: number, valueStart: number, valueEnd: number): void {
    const bytes = this.#bytes;
    if (this.#isDetails) {
      if (isTextAt(bytes, keyStart, keyEnd, "cached_tokens"))
        this.cachedTokens = readCount(bytes, valueStart, valueEnd);
      else if (isTextAt(bytes, keyStart, keyEnd, "reasoning_tokens"))
        this.reasoningTokens = readCount(bytes, valueStart, valueEnd);
    } else if (isTextAt(bytes, keyStart, keyEnd, "prompt_tokens")) {
      this.inputTokens = readCount(bytes, valueStart, valueEnd);
    } else if (isTextAt(bytes, keyStart, keyEnd, "completion_tokens")) {
      this.outputTokens = readCount(bytes, valueStart, valueEnd);
    } else if (isTextAt(bytes, keyStart, keyEnd, "prompt_tokens_details")) {
      this.cachedTokens = visit(bytes, { start: valueStart, end: valueEnd }, true)?.cachedTokens;
    } else if (isTextAt(bytes, keyStart, keyEnd, "completion_tokens_details")) {
      this.reasoningTokens = visit(bytes, { start: valueStart, end: valueEnd }, true)?.reasoningTokens;
    }
  }
}

interface Range {
  readonly start: number;
  readonly end: number;
}

function visit(bytes: Buffer, range: Range, isDetails: boolean): UsageVisitor | undefined {
  if (bytes[range.start] !== 0x7b) return undefined;
  const visitor = new UsageVisitor(bytes, isDetails);
  return scanJsonObject(bytes, range, usageLimits, visitor) === undefined ? visitor : undefined;
}

const minus = 0x2d;
const zero = 0x30;
const nine = 0x39;

/** A count of tokens in JSON, or undefined when the value is none. */
function readCount(bytes: Buffer, start: number, end: number): number | undefined {
  let count = 0;
  for (let at = start; at < end; at++) {
    const byte = bytes[at] ?? 0;
    if (byte < zero || byte > nine) return readOddCount(bytes, start, end);
    count = count * 10 + byte - zero;
  }
  return toCount(count);
}

/** Another way of writing a number is rare, and left to the language's own parser. */
function readOddCount(bytes: Buffer, start: number, end: number): number | undefined {
  const first = bytes[start] ?? 0;
  const isNumber = first === minus || (first >= zero && first <= nine);
  return isNumber ? toCount(Number(bytes.toString("latin1", start, end))) : undefined;
}

/**
 * Reads the `usage` object of the OpenAI dialect where it stands in a text that has been scanned: `prompt_tokens`,
 * `completion_tokens` and the counts in their `_details`, which are JSON numbers (RFC 8259 section 6).
 * Anything that is not a count of tokens is left out.
 */
export function readOpenAiUsage(bytes: Buffer, start: number, end: number): Usage | undefined {
  const found = visit(bytes, { start, end }, false);
  if (found === undefined) return undefined;
  const { inputTokens, outputTokens, cachedTokens, reasoningTokens } = found;
  return withoutAbsent({ inputTokens, outputTokens, cacheReadTokens: cachedTokens, reasoningTokens });
}

/** A count of tokens, or undefined when the value is none. */
export function toCount(value: unknown): number | undefined {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

/** A JSON object as a record, or undefined when the value is none. */
export function toRecord(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return isRecord(value) ? value : undefined;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

interface MaybeUsage {
  readonly inputTokens: number | undefined;
  readonly outputTokens: number | undefined;
  readonly cacheReadTokens?: number | undefined;
  readonly reasoningTokens?: number | undefined;
}

/** Leaves out the parts that were not reported. Undefined when nothing was. */
export function withoutAbsent(usage: MaybeUsage): Usage | undefined {
  const { inputTokens, outputTokens, cacheReadTokens, reasoningTokens } = usage;
  if (inputTokens === undefined && outputTokens === undefined) return undefined;
  const told: { -readonly [Part in keyof Usage]: Usage[Part] } = {};
  if (inputTokens !== undefined) told.inputTokens = inputTokens;
  if (outputTokens !== undefined) told.outputTokens = outputTokens;
  if (cacheReadTokens !== undefined) told.cacheReadTokens = cacheReadTokens;
  if (reasoningTokens !== undefined) told.reasoningTokens = reasoningTokens;
  return told;
}
