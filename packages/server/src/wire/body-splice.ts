import { bodyBuffer } from "./body-buffer.ts";
import type { Range, RequestHead } from "./request-scan.ts";

/** What to change in a request body before it goes upstream. */
export interface BodyChanges {
  /** The upstream's name for the model. */
  readonly model: string;
  /** Ask for the usage event, whether or not the client did. */
  readonly includeUsage: boolean;
}

/** One replacement of bytes `[start, end)` by text. */
interface Splice extends Range {
  readonly text: string;
}

/**
 * Rewrites single members of a scanned body (a JSON object, RFC 8259 section 4) by splicing bytes; everything else stays as
 * the client wrote it: numbers, escapes and the order of members would not all survive being parsed and written again.
 * Returns the same buffer when nothing changes.
 */
export function spliceBody(body: Buffer, head: RequestHead, changes: BodyChanges): Buffer {
  const isRenamed = changes.model !== head.model;
  const asksForUsage = changes.includeUsage && !head.includeUsage;
  if (!isRenamed && !asksForUsage) return body;
  const splices: Splice[] = [];
  if (isRenamed) splices.push({ ...head.modelRange, text: JSON.stringify(changes.model) });
  if (asksForUsage) splices.push(usageSplice(body, head));
  splices.sort((left, right) => left.start - right.start);
  return applySplices(body, splices);
}

function usageSplice(body: Buffer, head: RequestHead): Splice {
  const range = head.streamOptionsRange;
  if (range === undefined) {
    return { start: head.insertAt, end: head.insertAt, text: '"stream_options":{"include_usage":true},' };
  }
  const options: unknown = JSON.parse(body.toString("utf8", range.start, range.end));
  const kept = typeof options === "object" && options !== null ? options : {};
  return { ...range, text: JSON.stringify({ ...kept, include_usage: true }) };
}

function applySplices(body: Buffer, splices: readonly Splice[]): Buffer {
  let length = body.length;
  for (const splice of splices) length += Buffer.byteLength(splice.text) - (splice.end - splice.start);
  const result = bodyBuffer(length);
  let from = 0;
  let to = 0;
  for (const splice of splices) {
    to += body.copy(result, to, from, splice.start);
    to += result.write(splice.text, to);
    from = splice.end;
  }
  body.copy(result, to, from);
  return result;
}
