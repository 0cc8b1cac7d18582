import { PlatformError } from "@llm-platform/kit";
import { isTextAt, type JsonLimits, type MemberVisitor, scanJsonObject, skipBlank } from "./json-scan.ts";
import { noteOllamaFacts } from "./ndjson-reader.ts";
import { readOpenAiUsage, toRecord } from "./openai-usage.ts";
import { PendingBytes } from "./pending-bytes.ts";
import { malformed, ReplyFacts, type ReplyReader, toFinishReason } from "./reply-facts.ts";

const replyLimits: JsonLimits = { maxDepth: 64, maxNodes: 50_000_000 };
const finishReasonKey = Buffer.from('"finish_reason"');

/** Largest reply that is not a stream. */
export const largestWholeReplyBytes = 64 * 1024 * 1024;

/**
 * Reads a reply that is one JSON object. It is held back until it is whole,
 * so that one which breaks off can be tried again and the client never sees half an answer.
 */
export class WholeReader implements ReplyReader, MemberVisitor {
  readonly facts = new ReplyFacts();
  readonly #dialect: "openai" | "ollama";
  readonly #pending = new PendingBytes();
  #body: Buffer = Buffer.alloc(0);

  constructor(dialect: "openai" | "ollama") {
    this.#dialect = dialect;
  }

  push(chunk: Buffer): Buffer | undefined {
    this.#pending.add(chunk);
    if (this.#pending.length > largestWholeReplyBytes) throw malformed("a reply larger than 64 MiB");
    return undefined;
  }

  finish(): Buffer | undefined {
    this.#body = this.#pending.take();
    if (this.#dialect === "ollama") this.#readOllama();
    else if (
      scanJsonObject(this.#body, { start: 0, end: this.#body.length }, replyLimits, this) !== undefined
    ) {
      throw malformed("a reply that is not a JSON object");
    }
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
      this.facts.usage = readOpenAiUsage(body, valueStart, valueEnd);
    } else if (isTextAt(body, keyStart, keyEnd, "choices")) {
      this.#readChoices(valueStart, valueEnd);
    } else if (isTextAt(body, keyStart, keyEnd, "error") && body[valueStart] !== 0x6e) {
      const cause = new Error(body.toString("utf8", valueStart, Math.min(valueEnd, valueStart + 2048)));
      this.facts.error = new PlatformError("upstream_error", "The upstream answered with an error.", {
        cause,
        isRetryable: true,
      });
    }
  }

  #readChoices(start: number, end: number): void {
    const body = this.#body;
    const at = body.indexOf(finishReasonKey, start);
    if (at < 0 || at >= end) return;
    const reason = readWord(body, at + finishReasonKey.length, end);
    if (reason === undefined) return;
    this.facts.finishReason = toFinishReason(reason);
    this.facts.finishedChoices++;
  }

  #readOllama(): void {
    let value: unknown;
    try {
      value = JSON.parse(this.#body.toString("utf8"));
    } catch (error) {
      throw malformed("a reply that is not a JSON object", error);
    }
    const reply = toRecord(value);
    if (reply === undefined) throw malformed("a reply that is not a JSON object");
    noteOllamaFacts({ done: true, ...reply }, this.facts);
  }
}

const longestWord = 40;

/** The word in quotes behind a colon: what `"finish_reason"` stands before when it is not null. */
function readWord(bytes: Buffer, from: number, end: number): string | undefined {
  let at = skipBlank(bytes, from, end);
  if (bytes[at] !== 0x3a) return undefined;
  at = skipBlank(bytes, at + 1, end);
  if (bytes[at] !== 0x22) return undefined;
  const start = at + 1;
  for (at = start; at < end && at - start <= longestWord; at++) {
    const byte = bytes[at] ?? 0;
    if (byte === 0x22) return at === start ? undefined : bytes.toString("latin1", start, at);
    if (byte !== 0x5f && (byte < 0x61 || byte > 0x7a)) return undefined;
  }
  return undefined;
}
