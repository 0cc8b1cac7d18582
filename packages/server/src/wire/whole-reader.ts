import { readReportedError } from "./reported-error.ts";
import { isTextAt, type JsonLimits, type MemberVisitor, scanJsonObject, skipBlank } from "./json-scan.ts";
import { findOpenAiUsage, type FoundUsage, readUsageHoles, toCountHoles, toUsage } from "./openai-usage.ts";
import { PendingBytes } from "./pending-bytes.ts";
import { malformed, ReplyFacts, type ReplyReader, toFinishReason } from "./reply-facts.ts";
import type { ReplyForms } from "./reply-forms.ts";

const replyLimits: JsonLimits = { maxDepth: 64, maxNodes: 50_000_000 };
const finishReasonKey = Buffer.from('"finish_reason"');

const noBytes = Buffer.alloc(0);

/** Largest reply that is not a stream. */
export const largestWholeReplyBytes = 64 * 1024 * 1024;

/**
 * Reads a reply of the OpenAI dialect that is one JSON object (RFC 8259 section 4). It is held back until it is whole,
 * so that one which breaks off can be tried again and the client never sees half an answer. A reply of the form of an
 * earlier one is compared with it instead of scanned.
 */
export class WholeReader implements ReplyReader, MemberVisitor {
  readonly facts = new ReplyFacts();
  readonly #pending = new PendingBytes();
  readonly #forms: ReplyForms | undefined;
  #body: Buffer = noBytes;
  #usage: FoundUsage | undefined;
  /** How many members are called `choices`, and where the word of the finish reason begins in the last of them. */
  #choicesMembers = 0;
  #wordStart = -1;

  /** @param forms those of the upstream's earlier replies; without them each is scanned */
  constructor(forms?: ReplyForms) {
    this.#forms = forms;
  }

  push(chunk: Buffer): Buffer | undefined {
    this.#pending.add(chunk);
    if (this.#pending.length > largestWholeReplyBytes) throw malformed("a reply larger than 64 MiB");
    return undefined;
  }

  finish(): Buffer | undefined {
    this.#body = this.#pending.take();
    this.#read(this.#body);
    this.facts.isDone = this.facts.error === undefined;
    return undefined;
  }

  terminalFrames(): Buffer | undefined {
    return this.#body;
  }

  // oxlint-disable-next-line max-params -- four offsets, called for every member: an object each would cost more than the scan
  member(keyStart: number, keyEnd: number, valueStart: number, valueEnd: number): void {
    const body = this.#body;
    if (isTextAt(body, keyStart, keyEnd, "usage")) {
      this.#usage = findOpenAiUsage(body, valueStart, valueEnd);
      this.facts.usage = toUsage(this.#usage);
    } else if (isTextAt(body, keyStart, keyEnd, "choices")) {
      this.#readChoices(valueStart, valueEnd);
    } else if (isTextAt(body, keyStart, keyEnd, "error") && body[valueStart] !== 0x6e) {
      const text = body.toString("utf8", valueStart, valueEnd);
      this.facts.error = readReportedError(text, "The upstream answered with an error.", true);
    }
  }

  #read(body: Buffer): void {
    const wholes = this.#forms?.wholes;
    const known = wholes?.match(body, 0, body.length);
    if (known !== undefined) {
      const { form, meaning } = known;
      if (meaning.usage !== undefined) this.facts.usage = readUsageHoles(body, form, meaning.usage);
      if (meaning.reason >= 0) this.#readReason(form.startOf(meaning.reason), form.endOf(meaning.reason) + 1);
      return;
    }
    if (scanJsonObject(body, { start: 0, end: body.length }, replyLimits, this) !== undefined)
      throw malformed("a reply that is not a JSON object");
    if (wholes !== undefined && this.facts.error === undefined && this.#choicesMembers < 2)
      this.#learn(wholes, body);
  }

  #learn(wholes: ReplyForms["wholes"], body: Buffer): void {
    const form = wholes.learn(body, { start: 0, end: body.length });
    if (form === undefined) return;
    const usage = this.#usage === undefined ? undefined : toCountHoles(form, this.#usage);
    wholes.keep(form, { usage, reason: form.holeAt(this.#wordStart) });
  }

  #readChoices(start: number, end: number): void {
    this.#choicesMembers++;
    const colon = colonOfFinishReason(this.#body, start, end);
    if (colon < 0) return;
    this.#wordStart = startOfWord(this.#body, colon, end);
    this.#readReason(this.#wordStart, end);
  }

  #readReason(start: number, end: number): void {
    const body = this.#body;
    const reason = isTextAt(body, start, start + stopWord.length, stopWord)
      ? "stop"
      : readWord(body, start, end);
    if (reason === undefined) return;
    this.facts.finishReason = toFinishReason(reason);
    this.facts.finishedChoices++;
  }
}

const longestWord = 40;

/** How most replies end. */
const stopWord = 'stop"';

/** Where the colon of the first `"finish_reason"` stands, or -1. A content may end in the same bytes, but no colon follows it. */
function colonOfFinishReason(bytes: Buffer, start: number, end: number): number {
  let at = bytes.indexOf(finishReasonKey, start);
  while (at >= 0 && at < end) {
    const colon = skipBlank(bytes, at + finishReasonKey.length, end);
    if (bytes[colon] === 0x3a) return colon;
    at = bytes.indexOf(finishReasonKey, colon);
  }
  return -1;
}

/** Where the word in quotes behind a colon begins; `end` when it is no text. */
function startOfWord(bytes: Buffer, colon: number, end: number): number {
  const quote = skipBlank(bytes, colon + 1, end);
  return bytes[quote] === 0x22 ? quote + 1 : end;
}

/** The word before a quote, of lower-case letters and underscores. */
function readWord(bytes: Buffer, start: number, end: number): string | undefined {
  for (let at = start; at < end && at - start <= longestWord; at++) {
    const byte = bytes[at] ?? 0;
    if (byte === 0x22) return at === start ? undefined : bytes.toString("latin1", start, at);
    if (byte !== 0x5f && (byte < 0x61 || byte > 0x7a)) return undefined;
  }
  return undefined;
}
