import { readReportedError } from "./reported-error.ts";
import type { JsonForm } from "./json-form.ts";
import { type JsonLimits, type MemberVisitor, scanJsonObject, skipBlank } from "./json-scan.ts";
import { findOpenAiUsage, type FoundUsage, readUsageHoles, toCountHoles, toUsage } from "./openai-usage.ts";
import { PendingBytes } from "./pending-bytes.ts";
import { malformed, ReplyFacts, type ReplyReader, toFinishReason } from "./reply-facts.ts";
import type { EventMeaning, ReplyForms } from "./reply-forms.ts";

export interface SseReaderOptions {
  /** Pass the usage-only event on; otherwise it is kept back, because the client did not ask for it. */
  readonly keepUsageEvent: boolean;
  /** Those of the upstream's earlier replies; without them each event is scanned. */
  readonly forms?: ReplyForms | undefined;
}

interface Range {
  readonly start: number;
  readonly end: number;
}

const longestLineBytes = 1024 * 1024;
const longestEventBytes = 4 * 1024 * 1024;
const eventLimits: JsonLimits = { maxDepth: 64, maxNodes: 200_000 };
const finishReasonKey = Buffer.from('"finish_reason"');
const doneFrame = Buffer.from("data: [DONE]\n\n");

/**
 * Reads an event stream of the OpenAI dialect (WHATWG HTML section 9.2, server-sent events) as it passes:
 *
 *     *( *( field EOL ) EOL )      field = "data" [ ":" [ SP ] JSON-object / "[DONE]" ] / ":" comment / other
 *
 * with EOL as LF or CRLF; a CR alone, which the standard allows too, is taken for a part of its line. Events are validated and passed on as the bytes that they came in; nothing is built from
 * them. Data that is not a JSON object within the limits ends the reply as malformed. An event of the form of an
 * earlier one is compared with it instead of scanned.
 */
export class SseReader implements ReplyReader, MemberVisitor {
  readonly facts = new ReplyFacts();
  readonly #keepUsageEvent: boolean;
  readonly #known: ReplyForms["events"] | undefined;
  readonly #pending = new PendingBytes();
  #bytes: Buffer = emptyBuffer;
  /** Range of the current event's data, and whether it took several lines. */
  #dataStart = -1;
  #dataEnd = -1;
  #dataLines: Buffer[] | undefined;
  #usageRange: [number, number] | undefined;
  #hasChoices = false;
  /** Whether the current event has choices, or none, whatever its strings and numbers are. */
  #isChoicesFixed = true;
  /** Where the word of the last finish reason begins. */
  #wordStart = -1;
  /** Whether no event has ended yet: a byte order mark may stand before the first, however often that is read. */
  #isAtStart = true;
  #terminal: Buffer | undefined;

  constructor(options: SseReaderOptions) {
    this.#keepUsageEvent = options.keepUsageEvent;
    this.#known = options.forms?.events;
  }

  push(chunk: Buffer): Buffer | undefined {
    if (this.facts.isDone || this.facts.error !== undefined) return undefined;
    const feed = nextLineFeed(chunk, 0);
    if (feed < 0) {
      this.#pending.add(chunk);
      if (this.#pending.length > longestLineBytes) throw malformed("a line longer than 1 MiB");
      return undefined;
    }
    const held = this.#pending.length;
    const bytes = this.#pending.take(chunk);
    this.#bytes = bytes;
    // What is held may have whole lines in it: they are read again with the end of their event.
    const passed = this.#readEvents(bytes, held === 0 ? feed : nextLineFeed(bytes, 0));
    this.#bytes = emptyBuffer;
    return passed;
  }

  finish(): Buffer | undefined {
    return undefined;
  }

  terminalFrames(): Buffer | undefined {
    return this.#terminal ?? doneFrame;
  }

  // oxlint-disable-next-line max-params -- four offsets, called for every member: an object each would cost more than the scan
  member(keyStart: number, keyEnd: number, valueStart: number, valueEnd: number): void {
    const bytes = this.#bytes;
    switch (keyEnd - keyStart) {
      case 5: {
        const key = bytes.toString("latin1", keyStart, keyEnd);
        if (key === "usage" && bytes[valueStart] === 0x7b) this.#usageRange = [valueStart, valueEnd];
        else if (key === "error" && bytes[valueStart] !== 0x6e) this.#noteError(valueStart, valueEnd);
        return;
      }
      case 7:
        if (bytes[keyStart] === 0x63 && bytes.toString("latin1", keyStart, keyEnd) === "choices") {
          this.#readChoices(valueStart, valueEnd);
        }
        return;
      default:
    }
  }

  /** Walks the whole events in `bytes` and returns those to pass on. */
  #readEvents(bytes: Buffer, firstFeed: number): Buffer | undefined {
    let passed: Buffer | undefined;
    let runStart = 0;
    let eventStart = 0;
    let lineStart = 0;
    for (let feed = firstFeed; feed >= 0; feed = nextLineFeed(bytes, lineStart)) {
      const lineEnd = feed > lineStart && bytes[feed - 1] === 0x0d ? feed - 1 : feed;
      const start = lineStart;
      lineStart = feed + 1;
      if (lineEnd > start) {
        this.#readLine(start, lineEnd);
        continue;
      }
      const verdict = this.#endEvent(eventStart, lineStart);
      if (verdict !== "pass") {
        passed = join(passed, bytes.subarray(runStart, eventStart));
        runStart = lineStart;
      }
      eventStart = lineStart;
      this.#isAtStart = false;
      if (verdict === "stop") return passed;
    }
    const isWhole = runStart === 0 && eventStart === bytes.length;
    passed = join(passed, isWhole ? bytes : bytes.subarray(runStart, eventStart));
    this.#keepRest(bytes, eventStart, lineStart);
    return passed;
  }

  #keepRest(bytes: Buffer, eventStart: number, lineStart: number): void {
    this.#dataStart = -1;
    this.#dataLines = undefined;
    if (eventStart === bytes.length) return;
    if (bytes.length - lineStart > longestLineBytes) throw malformed("a line longer than 1 MiB");
    if (bytes.length - eventStart > longestEventBytes) throw malformed("an event longer than 4 MiB");
    this.#pending.add(bytes.subarray(eventStart));
  }

  #readLine(lineStart: number, end: number): void {
    const bytes = this.#bytes;
    let start = lineStart;
    const isMarked = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
    if (lineStart === 0 && this.#isAtStart && isMarked) start += 3;
    if (bytes[start] === 0x3a) return;
    if (!isData(bytes, start, end)) {
      if (!/^(event|id|retry)(:|$)/.test(bytes.toString("latin1", start, Math.min(end, start + 8)))) {
        throw malformed("a line that is not a server-sent event");
      }
      return;
    }
    const from = Math.min(end, start + 5 + (bytes[start + 5] === 0x20 ? 1 : 0));
    if (this.#dataStart < 0) {
      this.#dataStart = from;
      this.#dataEnd = end;
      return;
    }
    this.#dataLines ??= [bytes.subarray(this.#dataStart, this.#dataEnd)];
    this.#dataLines.push(lineFeed, bytes.subarray(from, end));
  }

  #endEvent(eventStart: number, eventEnd: number): "pass" | "drop" | "stop" {
    if (this.#dataStart < 0) return "pass";
    const bytes = this.#bytes;
    const joined = this.#dataLines;
    const range = { start: this.#dataStart, end: this.#dataEnd };
    this.#dataStart = -1;
    this.#dataLines = undefined;
    if (joined !== undefined) return this.#readJoined(Buffer.concat(joined));
    if (range.end === range.start) return "pass";
    if (isDone(bytes, range.start, range.end)) {
      this.facts.isDone = true;
      this.#terminal = bytes.subarray(eventStart, eventEnd);
      return "stop";
    }
    return this.#readPayload(range);
  }

  #readJoined(payload: Buffer): "pass" | "drop" | "stop" {
    const outer = this.#bytes;
    this.#bytes = payload;
    const verdict = this.#readPayload({ start: 0, end: payload.length });
    this.#bytes = outer;
    return verdict;
  }

  #readPayload(range: Range): "pass" | "drop" | "stop" {
    const { facts } = this;
    const known = this.#known?.match(this.#bytes, range.start, range.end);
    if (known !== undefined) return this.#readKnown(known.form, known.meaning);
    this.#usageRange = undefined;
    this.#hasChoices = false;
    this.#isChoicesFixed = true;
    const finishedBefore = facts.finishedChoices;
    if (scanJsonObject(this.#bytes, range, eventLimits, this) !== undefined)
      throw malformed("an event that is not JSON");
    if (facts.error !== undefined) return "stop";
    const usage = this.#usageRange;
    const found = usage === undefined ? undefined : findOpenAiUsage(this.#bytes, usage[0], usage[1]);
    const finished = facts.finishedChoices - finishedBefore;
    if (this.#isChoicesFixed && finished < 2) this.#learn(range, finished, found);
    if (this.#hasChoices) facts.contentEvents++;
    if (usage === undefined) return "pass";
    facts.usage = toUsage(found) ?? facts.usage;
    return this.#hasChoices || this.#keepUsageEvent ? "pass" : "drop";
  }

  #readKnown(form: JsonForm, { hasChoices, reason, hasUsage, usage }: EventMeaning): "pass" | "drop" {
    const { facts } = this;
    if (hasChoices) facts.contentEvents++;
    if (reason >= 0) this.#noteFinish(form.startOf(reason));
    if (!hasUsage) return "pass";
    if (usage !== undefined) facts.usage = readUsageHoles(this.#bytes, form, usage) ?? facts.usage;
    return hasChoices || this.#keepUsageEvent ? "pass" : "drop";
  }

  #learn(range: Range, finished: number, found: FoundUsage | undefined): void {
    const form = this.#known?.learn(this.#bytes, range);
    if (form === undefined) return;
    this.#known?.keep(form, {
      hasChoices: this.#hasChoices,
      reason: finished === 0 ? -1 : form.holeAt(this.#wordStart),
      hasUsage: this.#usageRange !== undefined,
      usage: found === undefined ? undefined : toCountHoles(form, found),
    });
  }

  #readChoices(start: number, end: number): void {
    const bytes = this.#bytes;
    // "[" and "]" with at most a blank between them: the usage-only event has no choices.
    this.#hasChoices = end - start > 3;
    const first = bytes[skipBlank(bytes, start + 1, end)];
    this.#isChoicesFixed = bytes[start] === 0x5b && (first === 0x7b || first === 0x5d);
    if (!this.#hasChoices) return;
    for (
      let at = bytes.indexOf(finishReasonKey, start);
      at >= 0 && at < end;
      at = bytes.indexOf(finishReasonKey, at)
    ) {
      at += finishReasonKey.length;
      while (at < end && (bytes[at] === 0x3a || bytes[at] === 0x20)) at++;
      if (bytes[at] === 0x22) this.#noteFinish(at + 1);
    }
  }

  #noteFinish(wordStart: number): void {
    const bytes = this.#bytes;
    this.#wordStart = wordStart;
    const reason = bytes.toString("latin1", wordStart, bytes.indexOf(0x22, wordStart));
    this.facts.finishReason = toFinishReason(reason);
    this.facts.finishedChoices++;
  }

  #noteError(start: number, end: number): void {
    const message = "The upstream reported an error in the middle of its reply.";
    this.facts.error = readReportedError(this.#bytes.toString("utf8", start, end), message, false);
  }
}

const emptyBuffer = Buffer.alloc(0);
const lineFeed = Buffer.from("\n");

function join(left: Buffer | undefined, right: Buffer): Buffer | undefined {
  if (right.length === 0) return left;
  return left === undefined ? right : Buffer.concat([left, right]);
}

/** Offset of the line feed at `from` or behind it, or -1. An empty line ends each event: that is seen without a search. */
function nextLineFeed(bytes: Buffer, from: number): number {
  if (from >= bytes.length) return -1;
  return bytes[from] === 0x0a ? from : bytes.indexOf(0x0a, from);
}

/** Whether a line is `data` or begins with `data:`. */
function isData(bytes: Buffer, start: number, end: number): boolean {
  return (
    bytes[start] === 0x64 &&
    bytes[start + 1] === 0x61 &&
    bytes[start + 2] === 0x74 &&
    bytes[start + 3] === 0x61 &&
    (bytes[start + 4] === 0x3a || start + 4 === end)
  );
}

function isDone(bytes: Buffer, start: number, end: number): boolean {
  return bytes[start] === 0x5b && bytes.toString("latin1", start, end).trimEnd() === "[DONE]";
}
