import { toCount, toRecord, withoutAbsent } from "./openai-usage.ts";
import { PendingBytes } from "./pending-bytes.ts";
import { malformed, ReplyFacts, type ReplyReader, toFinishReason } from "./reply-facts.ts";
import { toReportedError } from "./reported-error.ts";

const longestLineBytes = 1024 * 1024;

/**
 * Reads a stream in Ollama's dialect as it passes, for clients that speak it too: `*( JSON-object LF )` (RFC 8259), of which one with
 * `"done":true` is the last. A line that is no object, or longer than 1 MiB, ends the reply as malformed.
 */
export class NdjsonReader implements ReplyReader {
  readonly facts = new ReplyFacts();
  readonly #pending = new PendingBytes();
  #terminal: Buffer | undefined;

  push(chunk: Buffer): Buffer | undefined {
    if (this.facts.isDone || this.facts.error !== undefined) return undefined;
    if (!chunk.includes(0x0a)) {
      this.#pending.add(chunk);
      if (this.#pending.length > longestLineBytes) throw malformed("a line longer than 1 MiB");
      return undefined;
    }
    return this.#readLines(this.#pending.take(chunk));
  }

  finish(): Buffer | undefined {
    if (this.#pending.length === 0) return undefined;
    return this.#readLines(this.#pending.take(Buffer.from("\n")));
  }

  terminalFrames(): Buffer | undefined {
    return this.#terminal;
  }

  #readLines(bytes: Buffer): Buffer | undefined {
    let lineStart = 0;
    for (let feed = bytes.indexOf(0x0a); feed >= 0; feed = bytes.indexOf(0x0a, lineStart)) {
      this.#readLine(bytes.toString("utf8", lineStart, feed));
      if (this.facts.error !== undefined) return slice(bytes, lineStart);
      if (this.facts.isDone) {
        this.#terminal = bytes.subarray(lineStart, feed + 1);
        return slice(bytes, lineStart);
      }
      lineStart = feed + 1;
    }
    if (lineStart < bytes.length) this.#pending.add(bytes.subarray(lineStart));
    return slice(bytes, lineStart);
  }

  #readLine(line: string): void {
    if (line.trim() === "") return;
    const event = parseLine(line);
    noteOllamaFacts(event, this.facts);
    if (this.facts.error === undefined) this.facts.contentEvents++;
  }
}

/** Takes usage, end and error out of one object of an Ollama reply. */
export function noteOllamaFacts(event: Readonly<Record<string, unknown>>, facts: ReplyFacts): void {
  if (event["error"] !== undefined) {
    const message = "The upstream reported an error in the middle of its reply.";
    facts.error = toReportedError(event["error"], message, false);
    return;
  }
  if (event["done"] !== true) return;
  facts.isDone = true;
  facts.finishedChoices = 1;
  facts.finishReason = toFinishReason(String(event["done_reason"] ?? "stop"));
  facts.usage = withoutAbsent({
    inputTokens: toCount(event["prompt_eval_count"]),
    outputTokens: toCount(event["eval_count"]),
  });
}

function parseLine(line: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    // What failed to parse is told as malformed below, together with what parsed to no object.
    value = undefined;
  }
  const event = toRecord(value);
  if (event === undefined) throw malformed("a line that is not a JSON object");
  return event;
}

function slice(bytes: Buffer, end: number): Buffer | undefined {
  return end === 0 ? undefined : bytes.subarray(0, end);
}
