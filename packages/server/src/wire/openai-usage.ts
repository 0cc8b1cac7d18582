import type { Usage } from "@llm-platform/kit";
import type { JsonForm } from "./json-form.ts";
import { isTextAt, type JsonLimits, type MemberVisitor, scanJsonObject } from "./json-scan.ts";

const usageLimits: JsonLimits = { maxDepth: 8, maxNodes: 1_000 };

/** The counts in a `usage` object, found without building it: a parse of it cost as much as the scan of the whole reply. */
class UsageVisitor implements MemberVisitor, FoundUsage {
  readonly #bytes: Buffer;
  readonly #isDetails: boolean;
  inputTokens: number | undefined;
  outputTokens: number | undefined;
  cachedTokens: number | undefined;
  reasoningTokens: number | undefined;
  inputStart = -1;
  outputStart = -1;
  cachedStart = -1;
  reasoningStart = -1;

  constructor(bytes: Buffer, isDetails: boolean) {
    this.#bytes = bytes;
    this.#isDetails = isDetails;
  }

  // oxlint-disable-next-line max-params -- the four offsets of a member
  member(keyStart: number, keyEnd: number, valueStart: number, valueEnd: number): void {
    const bytes = this.#bytes;
    if (this.#isDetails) {
      if (isTextAt(bytes, keyStart, keyEnd, "cached_tokens")) {
        this.cachedTokens = readCount(bytes, valueStart, valueEnd);
        this.cachedStart = valueStart;
      } else if (isTextAt(bytes, keyStart, keyEnd, "reasoning_tokens")) {
        this.reasoningTokens = readCount(bytes, valueStart, valueEnd);
        this.reasoningStart = valueStart;
      }
    } else if (isTextAt(bytes, keyStart, keyEnd, "prompt_tokens")) {
      this.inputTokens = readCount(bytes, valueStart, valueEnd);
      this.inputStart = valueStart;
    } else if (isTextAt(bytes, keyStart, keyEnd, "completion_tokens")) {
      this.outputTokens = readCount(bytes, valueStart, valueEnd);
      this.outputStart = valueStart;
    } else if (isTextAt(bytes, keyStart, keyEnd, "prompt_tokens_details")) {
      const details = visit(bytes, { start: valueStart, end: valueEnd }, true);
      this.cachedTokens = details?.cachedTokens;
      this.cachedStart = details?.cachedStart ?? -1;
    } else if (isTextAt(bytes, keyStart, keyEnd, "completion_tokens_details")) {
      const details = visit(bytes, { start: valueStart, end: valueEnd }, true);
      this.reasoningTokens = details?.reasoningTokens;
      this.reasoningStart = details?.reasoningStart ?? -1;
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

/** The counts of a `usage` object, and the offsets where each value stands; -1 for what is not there. */
export interface FoundUsage {
  readonly inputTokens: number | undefined;
  readonly outputTokens: number | undefined;
  readonly cachedTokens: number | undefined;
  readonly reasoningTokens: number | undefined;
  readonly inputStart: number;
  readonly outputStart: number;
  readonly cachedStart: number;
  readonly reasoningStart: number;
}

/**
 * Finds the counts of the `usage` object of the OpenAI dialect in a text that has been scanned: `prompt_tokens`,
 * `completion_tokens` and those in their `_details`, which are JSON numbers (RFC 8259 section 6).
 * Anything that is not a count of tokens is left out.
 */
export function findOpenAiUsage(bytes: Buffer, start: number, end: number): FoundUsage | undefined {
  return visit(bytes, { start, end }, false);
}

/** The counts alone, as a record of them is kept. */
export function toUsage(found: FoundUsage | undefined): Usage | undefined {
  if (found === undefined) return undefined;
  const { inputTokens, outputTokens, cachedTokens, reasoningTokens } = found;
  return withoutAbsent({ inputTokens, outputTokens, cacheReadTokens: cachedTokens, reasoningTokens });
}

/** Which holes of a form the counts of a `usage` object stand in; -1 for what is not there, or is no number. */
export interface CountHoles {
  readonly input: number;
  readonly output: number;
  readonly cached: number;
  readonly reasoning: number;
}

/** @param form that of the text that the usage was found in */
export function toCountHoles(form: JsonForm, found: FoundUsage): CountHoles {
  return {
    input: form.holeAt(found.inputStart),
    output: form.holeAt(found.outputStart),
    cached: form.holeAt(found.cachedStart),
    reasoning: form.holeAt(found.reasoningStart),
  };
}

/** What `findOpenAiUsage` would find in the text that a form matched last. */
export function readUsageHoles(bytes: Buffer, form: JsonForm, holes: CountHoles): Usage | undefined {
  return withoutAbsent({
    inputTokens: readHole(bytes, form, holes.input),
    outputTokens: readHole(bytes, form, holes.output),
    cacheReadTokens: readHole(bytes, form, holes.cached),
    reasoningTokens: readHole(bytes, form, holes.reasoning),
  });
}

function readHole(bytes: Buffer, form: JsonForm, hole: number): number | undefined {
  return hole < 0 ? undefined : readCount(bytes, form.startOf(hole), form.endOf(hole));
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
