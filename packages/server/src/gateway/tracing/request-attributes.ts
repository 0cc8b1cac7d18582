import type { AttributeKeys } from "../../telemetry/tracing/attribute-names.ts";
import type { SpanBuffer } from "../../telemetry/tracing/span-buffer.ts";
import { chatBodyLimits, isTextAt, type MemberVisitor, scanJsonObject } from "../../wire/json-scan.ts";
import type { TracedCall } from "./traced-call.ts";

/** Texts at which a model stops are not looked at when there are more bytes of them. */
const longestStopBytes = 4_096;
const longestNumberBytes = 32;
const quote = 0x22;
const bracket = 0x5b;

/** What a request asks of the model, without its content. The body is walked once; nothing is made of it. */
export function writeRequestAttributes(spans: SpanBuffer, keys: AttributeKeys, call: TracedCall): void {
  const reader = new RequestReader(call.body, spans, keys);
  scanJsonObject(call.body, { start: 0, end: call.body.length }, chatBodyLimits, reader);
}

/** Writes what it hears of. Ollama's dialect has most of it in `options`. */
class RequestReader implements MemberVisitor {
  readonly #body: Buffer;
  readonly #spans: SpanBuffer;
  readonly #keys: AttributeKeys;
  readonly #written: Uint8Array[] = [];

  constructor(body: Buffer, spans: SpanBuffer, keys: AttributeKeys) {
    this.#body = body;
    this.#spans = spans;
    this.#keys = keys;
  }

  // oxlint-disable-next-line max-params -- four offsets, called for every member: an object each would cost more than the scan
  member(keyStart: number, keyEnd: number, valueStart: number, valueEnd: number): void {
    const keys = this.#keys;
    if (this.#isKey(keyStart, keyEnd, "temperature")) this.#number(keys.temperature, valueStart, valueEnd);
    else if (this.#isKey(keyStart, keyEnd, "top_p")) this.#number(keys.topP, valueStart, valueEnd);
    else if (this.#isKey(keyStart, keyEnd, "top_k")) this.#number(keys.topK, valueStart, valueEnd);
    else if (this.#isMaxTokens(keyStart, keyEnd)) this.#number(keys.maxTokens, valueStart, valueEnd);
    else if (this.#isKey(keyStart, keyEnd, "seed")) this.#number(keys.seed, valueStart, valueEnd);
    else if (this.#isKey(keyStart, keyEnd, "n")) this.#number(keys.choiceCount, valueStart, valueEnd);
    else if (this.#isStop(keyStart, keyEnd)) this.#stop(valueStart, valueEnd);
    else if (this.#isKey(keyStart, keyEnd, "options"))
      scanJsonObject(this.#body, { start: valueStart, end: valueEnd }, chatBodyLimits, this);
  }

  #isKey(start: number, end: number, name: string): boolean {
    return isTextAt(this.#body, start, end, name);
  }

  #isMaxTokens(start: number, end: number): boolean {
    return (
      this.#isKey(start, end, "max_completion_tokens") ||
      this.#isKey(start, end, "max_tokens") ||
      this.#isKey(start, end, "max_output_tokens") ||
      this.#isKey(start, end, "num_predict")
    );
  }

  #isStop(start: number, end: number): boolean {
    return this.#isKey(start, end, "stop") || this.#isKey(start, end, "stop_sequences");
  }

  /** A span has each attribute once, whatever the body repeats. */
  #isFirst(key: Uint8Array): boolean {
    if (this.#written.includes(key)) return false;
    this.#written.push(key);
    return true;
  }

  #number(key: Uint8Array, start: number, end: number): void {
    if (end - start > longestNumberBytes) return;
    const value = Number(this.#body.toString("latin1", start, end));
    // Whatever else stands there is the upstream's to judge.
    if (!Number.isNaN(value) && this.#isFirst(key)) this.#spans.number(key, value);
  }

  #stop(start: number, end: number): void {
    const first = this.#body[start];
    if (end - start > longestStopBytes || (first !== quote && first !== bracket)) return;
    const texts = parseTexts(this.#body.toString("utf8", start, end));
    if (texts.length > 0 && this.#isFirst(this.#keys.stopSequences))
      this.#spans.list(this.#keys.stopSequences, texts);
  }
}

function parseTexts(json: string): readonly string[] {
  try {
    const value: unknown = JSON.parse(json);
    return [value].flat().filter((each) => typeof each === "string");
  } catch {
    // The scan does not look into texts: one that is not well formed is the upstream's to judge.
    return [];
  }
}
