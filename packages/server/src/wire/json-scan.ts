import { endOfString, quote } from "./json-string.ts";
import { RepeatedRuns } from "./repeated-runs.ts";

/** Bounds of a JSON text, checked while it is scanned. */
export interface JsonLimits {
  /** Deepest nesting of arrays and objects; 64 at most. */
  readonly maxDepth: number;
  /** Arrays, objects and scalars together. */
  readonly maxNodes: number;
}

/** Why a text is not accepted. */
export type JsonProblem = "malformed" | "too_deep" | "too_many_nodes";

/**
 * Hears of each member of the outermost object, as byte offsets into the scanned bytes.
 * The key's offsets are inside its quotes, the value's take in its first and last byte.
 */
export interface MemberVisitor {
  member(keyStart: number, keyEnd: number, valueStart: number, valueEnd: number): void;
}

/** Defaults that chat bodies are held to. */
export const chatBodyLimits: JsonLimits = { maxDepth: 64, maxNodes: 200_000 };

/** A string that is longer than this may be one of many that stand in the same place of a conversation. */
const longString = 32;

/** Expected next: the states of the scan. */
const value = 0;
const firstKey = 1;
const nextKey = 2;
const afterValue = 3;
const firstElement = 4;

/**
 * Walks a JSON object (RFC 8259 sections 2 to 7) once without building anything.
 *
 * Structure is checked strictly (brackets, commas, colons, literals, nesting, size);
 * what stands inside a string is left to whoever parses it, so that a long prompt costs
 * a search for its closing quote and no more.
 *
 * @returns undefined when `bytes[start, end)` is one JSON object within the limits
 */
// oxlint-disable-next-line max-params -- on the hot path: the visitor is given beside the limits, which are shared
export function scanJsonObject(
  bytes: Buffer,
  { start, end }: { readonly start: number; readonly end: number },
  limits: JsonLimits,
  visitor?: MemberVisitor,
): JsonProblem | undefined {
  // One bit for each open bracket: 1 for an object. An array here would cost as much as the scan of a short body.
  let lowKinds = 0;
  let highKinds = 0;
  let isInObject = false;
  let depth = 0;
  let nodes = 0;
  let runs: RepeatedRuns | undefined;
  let state = value;
  let keyStart = 0;
  let keyEnd = 0;
  let valueStart = 0;
  let at = start;

  for (;;) {
    if (at < end && (bytes[at] ?? 0) <= 0x20) at = skipBlank(bytes, at, end);
    if (at >= end) return "malformed";
    let byte = bytes[at] ?? 0;
    // What opened a moment ago is empty.
    if (byte === 0x7d ? state === firstKey : byte === 0x5d && state === firstElement) state = afterValue;
    if (state === firstKey || state === nextKey) {
      const close = byte === quote ? endOfString(bytes, at + 1, end) : -1;
      if (close < 0) return "malformed";
      if (depth === 1) {
        keyStart = at + 1;
        keyEnd = close;
      }
      at = startOfValue(bytes, close + 1, end);
      if (at < 0 || at >= end) return "malformed";
      if (depth === 1) valueStart = at;
      byte = bytes[at] ?? 0;
    } else if (state === afterValue) {
      if (byte === 0x2c) {
        state = isInObject ? nextKey : value;
        at++;
        continue;
      }
      if (byte !== (isInObject ? 0x7d : 0x5d)) return "malformed";
      depth--;
      isInObject = depth > 0 && hasBit(depth <= 32 ? lowKinds : highKinds, depth);
      at++;
      if (depth === 0) return skipBlank(bytes, at, end) === end ? undefined : "malformed";
      if (depth === 1) visitor?.member(keyStart, keyEnd, valueStart, at);
      continue;
    }

    if (++nodes > limits.maxNodes) return "too_many_nodes";
    if (byte === 0x7b || byte === 0x5b) {
      if (depth === 0 && byte !== 0x7b) return "malformed";
      if (++depth > limits.maxDepth) return "too_deep";
      isInObject = byte === 0x7b;
      if (depth <= 32) lowKinds = withBit(lowKinds, depth, isInObject);
      else highKinds = withBit(highKinds, depth, isInObject);
      state = byte === 0x7b ? firstKey : firstElement;
      at++;
      continue;
    }
    if (depth === 0) return "malformed";
    const from = at;
    at = byte === quote ? endOfString(bytes, at + 1, end) + 1 : endOfScalar(bytes, at, end);
    if (at <= 0) return "malformed";
    if (depth === 1) visitor?.member(keyStart, keyEnd, valueStart, at);
    else if (byte === quote && at - from > longString && depth <= 32) {
      runs ??= new RepeatedRuns(bytes, end, limits.maxNodes);
      at = runs.follow({ from: from + 1, behind: at, depth, kinds: lowKinds, member: keyStart, nodes });
      nodes = runs.nodes;
      if (at < 0 || nodes > limits.maxNodes) return at < 0 ? "malformed" : "too_many_nodes";
    }
    // Mostly a comma is next.
    if (at < end && bytes[at] === 0x2c) {
      state = isInObject ? nextKey : value;
      at++;
    } else state = afterValue;
  }
}

/** Whether the bit of this depth is set; depths 1 to 32 and 33 to 64 share the bits of a mask each. */
function hasBit(mask: number, depth: number): boolean {
  return ((mask >>> (depth - 1)) & 1) === 1;
}

function withBit(mask: number, depth: number, isSet: boolean): number {
  const bit = 1 << (depth - 1);
  return isSet ? mask | bit : mask & ~bit;
}

/** Offset of what follows the colon after a key that ended before `from`; −1 when there is no colon. */
function startOfValue(bytes: Buffer, from: number, end: number): number {
  // Mostly nothing stands around the colon.
  if (from + 1 < end && bytes[from] === 0x3a && (bytes[from + 1] ?? 0) > 0x20) return from + 1;
  const colon = skipBlank(bytes, from, end);
  return colon < end && bytes[colon] === 0x3a ? skipBlank(bytes, colon + 1, end) : -1;
}

/** Offset of the first byte from `from` that is not white space; `end` when there is none. */
export function skipBlank(bytes: Buffer, from: number, end: number): number {
  let at = from;
  while (at < end) {
    const byte = bytes[at] ?? 0;
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) break;
    at++;
  }
  return at;
}

/** Offset behind a number or literal, or -1. */
function endOfScalar(bytes: Buffer, from: number, end: number): number {
  switch (bytes[from]) {
    case 0x74:
      return endOfLiteral(bytes, { from, end }, "true");
    case 0x66:
      return endOfLiteral(bytes, { from, end }, "false");
    case 0x6e:
      return endOfLiteral(bytes, { from, end }, "null");
    default:
      return endOfNumber(bytes, from, end);
  }
}

function endOfLiteral(
  bytes: Buffer,
  { from, end }: { readonly from: number; readonly end: number },
  literal: string,
): number {
  const behind = from + literal.length;
  if (behind > end) return -1;
  for (let index = 0; index < literal.length; index++) {
    if (bytes[from + index] !== literal.charCodeAt(index)) return -1;
  }
  return behind;
}

/** Offset behind a number, or -1. */
export function endOfNumber(bytes: Buffer, from: number, end: number): number {
  let at = from;
  if (bytes[at] === 0x2d) at++;
  let digits = 0;
  while (at < end) {
    const byte = bytes[at] ?? 0;
    if (byte >= 0x30 && byte <= 0x39) digits++;
    else if (
      digits === 0 ||
      !(byte === 0x2e || byte === 0x65 || byte === 0x45 || byte === 0x2b || byte === 0x2d)
    )
      break;
    at++;
  }
  return digits === 0 ? -1 : at;
}

/** Whether these bytes are exactly this ASCII text. */
// oxlint-disable-next-line max-params -- compared for every member: an object each would cost more than the comparison
export function isTextAt(bytes: Buffer, start: number, end: number, text: string): boolean {
  if (end - start !== text.length) return false;
  for (let index = 0; index < text.length; index++) {
    if (bytes[start + index] !== text.charCodeAt(index)) return false;
  }
  return true;
}
