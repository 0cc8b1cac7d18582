import type { AttributeKeys } from "../../telemetry/tracing/attribute-names.ts";
import type { SpanBuffer } from "../../telemetry/tracing/span-buffer.ts";
import { chatBodyLimits, isTextAt, type MemberVisitor, scanJsonObject } from "../../wire/json-scan.ts";

/** Texts at which a model stops are not looked at when there are more bytes of them. */
const longestStopBytes = 4_096;
const longestNumberBytes = 32;
const quote = 0x22;
const bracket = 0x5b;
const point = 0x2e;
const zero = 0x30;
const nine = 0x39;
/** So many digits make a number that is exact, and so is its quotient by a power of ten. */
const mostPlainDigits = 15;

interface KnownMember {
  readonly name: string;
  readonly key: Uint8Array;
  readonly type: "number" | "stop";
}

/** What requests ask of the model, without their content. A body is walked once; nothing is made of it. */
export class RequestAttributes implements MemberVisitor {
  /** By the length of their names. */
  readonly #members: (readonly KnownMember[] | undefined)[] = [];
  readonly #written: Uint8Array[] = [];
  #spans: SpanBuffer | undefined;
  #body: Buffer = noBody;

  constructor(keys: AttributeKeys) {
    for (const member of knownMembers(keys)) {
      const { length } = member.name;
      this.#members[length] = [...(this.#members[length] ?? []), member];
    }
  }

  write(spans: SpanBuffer, body: Buffer): void {
    this.#spans = spans;
    this.#body = body;
    this.#written.length = 0;
    scanJsonObject(body, { start: 0, end: body.length }, chatBodyLimits, this);
    this.#body = noBody;
  }

  // oxlint-disable-next-line max-params -- four offsets, called for every member: an object each would cost more than the scan
  member(keyStart: number, keyEnd: number, valueStart: number, valueEnd: number): void {
    const body = this.#body;
    const known = this.#members[keyEnd - keyStart];
    if (known !== undefined)
      for (const { name, key, type } of known) {
        if (!isTextAt(body, keyStart, keyEnd, name)) continue;
        if (type === "number") this.#number(key, valueStart, valueEnd);
        else this.#stop(key, valueStart, valueEnd);
        return;
      }
    // Ollama's dialect has most of it in there.
    if (isTextAt(body, keyStart, keyEnd, "options"))
      scanJsonObject(body, { start: valueStart, end: valueEnd }, chatBodyLimits, this);
  }

  /** A span has each attribute once, whatever the body repeats. */
  #isFirst(key: Uint8Array): boolean {
    if (this.#written.includes(key)) return false;
    this.#written.push(key);
    return true;
  }

  #number(key: Uint8Array, start: number, end: number): void {
    const value = readNumber(this.#body, start, end);
    // Whatever else stands there is the upstream's to judge.
    if (!Number.isNaN(value) && this.#isFirst(key)) this.#spans?.number(key, value);
  }

  #stop(key: Uint8Array, start: number, end: number): void {
    const first = this.#body[start];
    if (end - start > longestStopBytes || (first !== quote && first !== bracket)) return;
    const texts = parseTexts(this.#body.toString("utf8", start, end));
    if (texts.length > 0 && this.#isFirst(key)) this.#spans?.list(key, texts);
  }
}

const noBody = Buffer.alloc(0);

function knownMembers(keys: AttributeKeys): readonly KnownMember[] {
  const numbers: readonly (readonly [string, Uint8Array])[] = [
    ["temperature", keys.temperature],
    ["top_p", keys.topP],
    ["top_k", keys.topK],
    ["max_completion_tokens", keys.maxTokens],
    ["max_tokens", keys.maxTokens],
    ["max_output_tokens", keys.maxTokens],
    ["num_predict", keys.maxTokens],
    ["seed", keys.seed],
    ["n", keys.choiceCount],
  ];
  return [
    ...numbers.map(([name, key]) => ({ name, key, type: "number" as const })),
    { name: "stop", key: keys.stopSequences, type: "stop" },
    { name: "stop_sequences", key: keys.stopSequences, type: "stop" },
  ];
}

/** A number of JSON, read without a text of it where it is as plain as most are; NaN where none stands. */
function readNumber(body: Buffer, start: number, end: number): number {
  if (end - start > longestNumberBytes) return Number.NaN;
  let digits = 0;
  let fraction = 0;
  let isBehindPoint = false;
  for (let at = start; at < end; at++) {
    const byte = body[at] ?? 0;
    if (byte === point && !isBehindPoint && at > start) isBehindPoint = true;
    else if (byte < zero || byte > nine || end - start > mostPlainDigits)
      return Number(body.toString("latin1", start, end));
    else {
      digits = digits * 10 + byte - zero;
      if (isBehindPoint) fraction++;
    }
  }
  return fraction === 0 ? digits : digits / 10 ** fraction;
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
