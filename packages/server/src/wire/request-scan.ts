import { PlatformError } from "@llm-platform/kit";
import {
  chatBodyLimits,
  isTextAt,
  type JsonProblem,
  type MemberVisitor,
  scanJsonObject,
  skipBlank,
} from "./json-scan.ts";

/** What the platform must know of a request body in the OpenAI or Ollama dialect. */
export interface RequestHead {
  /** The model as the client wrote it. */
  readonly model: string;
  /** Whether the client asked for a stream; undefined when it did not say. */
  readonly stream: boolean | undefined;
  /** Whether the client asked for a usage event at the end of its stream. */
  readonly includeUsage: boolean;
  /** Number of choices, 1 unless `n` says otherwise. */
  readonly choices: number;
  /** Tokens that the reply may have at most, of each choice; undefined when the client did not say. */
  readonly maxTokens: number | undefined;
  /** Where the value of `model` stands, quotes included. */
  readonly modelRange: Range;
  /** Where the value of `stream_options` stands, when there is one. */
  readonly streamOptionsRange: Range | undefined;
  /** Offset behind the opening brace: where a member can be put in. */
  readonly insertAt: number;
}

export interface Range {
  readonly start: number;
  readonly end: number;
}

/**
 * Names that other gateways let a caller use to steer where a call goes.
 * They are refused: an upstream that is such a gateway would obey them.
 */
const steeringFields = new Set([
  "api_base",
  "api_key",
  "base_url",
  "callbacks",
  "custom_host",
  "custom_llm_provider",
  "extra_body",
  "extra_headers",
  "extra_query",
  "user_config",
]);

/** First bytes of those names: few other members begin so. */
const steeringStarts = [...new Set([...steeringFields].map((field) => field.charCodeAt(0)))];
const backslash = 0x5c;
const quote = 0x22;
const brace = 0x7b;

const modelNamePattern = /^[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,255}$/;
const longestKeyBytes = 256;
const mostChoices = 128;
const mostDigits = 9;
const digitZero = 0x30;

/**
 * Reads the head of a request body in one pass, without parsing it: a JSON object (RFC 8259) of which `model`, `stream`,
 * `stream_options` and `n` are read, each of which may stand once, and what the reply may have of tokens. What other members hold is the upstream's to judge.
 *
 * @throws PlatformError `invalid_request` or `unsupported_parameter`, with the field named
 */
export function scanRequest(body: Buffer): RequestHead {
  const collector = new HeadCollector(body);
  const problem = scanJsonObject(body, { start: 0, end: body.length }, chatBodyLimits, collector);
  if (problem !== undefined) throw new PlatformError("invalid_request", problemText(problem));
  return collector.finish();
}

function problemText(problem: JsonProblem): string {
  switch (problem) {
    case "malformed":
      return "The body is not a JSON object. Send one object in UTF-8 JSON.";
    case "too_deep":
      return `The body is nested too deeply: nesting too deep, at most ${chatBodyLimits.maxDepth} levels are read.`;
    case "too_many_nodes":
      return `The body has too many values: at most ${chatBodyLimits.maxNodes} are read.`;
  }
}

/** The last model that was asked for. The next is mostly the same, and then it needs no text of its own. */
const lastModel = { name: "" };

function isLastModel(body: Buffer, { start, end }: Range): boolean {
  const { name } = lastModel;
  return name !== "" && body[start] === quote && isTextAt(body, start + 1, end - 1, name);
}

/** Gathers the members that matter while the body is scanned. */
class HeadCollector implements MemberVisitor {
  readonly #body: Buffer;
  #model: string | undefined;
  #modelRange: Range | undefined;
  #stream: boolean | undefined;
  #sawStream = false;
  #streamOptionsRange: Range | undefined;
  #includeUsage = false;
  #choices = 1;
  #sawChoices = false;
  #maxTokens: number | undefined;

  constructor(body: Buffer) {
    this.#body = body;
  }

  // oxlint-disable-next-line max-params -- four offsets, called for every member: an object each would cost more than the scan
  member(keyStart: number, keyEnd: number, valueStart: number, valueEnd: number): void {
    const length = keyEnd - keyStart;
    if (length > longestKeyBytes) throw invalid(undefined, `A key is longer than ${longestKeyBytes} bytes.`);
    const body = this.#body;
    for (let at = keyStart; at < keyEnd; at++) {
      if (body[at] === backslash)
        throw invalid(undefined, "A key of the body holds an escape sequence; write it plainly.");
    }
    if (isTextAt(body, keyStart, keyEnd, "model")) {
      this.#readModel({ start: valueStart, end: valueEnd });
    } else if (isTextAt(body, keyStart, keyEnd, "stream")) {
      if (this.#sawStream) throw duplicate("stream");
      this.#sawStream = true;
      this.#stream = this.#readBoolean("stream", valueStart);
    } else if (isTextAt(body, keyStart, keyEnd, "stream_options")) {
      if (this.#streamOptionsRange !== undefined) throw duplicate("stream_options");
      this.#readStreamOptions({ start: valueStart, end: valueEnd });
    } else if (isTextAt(body, keyStart, keyEnd, "n")) {
      if (this.#sawChoices) throw duplicate("n");
      this.#sawChoices = true;
      this.#readChoices(valueStart, valueEnd);
    } else if (isMaxTokens(body, keyStart, keyEnd)) {
      this.#readMaxTokens(valueStart, valueEnd);
    } else if (isTextAt(body, keyStart, keyEnd, "options")) {
      this.#readOptions({ start: valueStart, end: valueEnd });
    } else if (steeringStarts.includes(body[keyStart] ?? 0)) {
      this.#refuseSteering(body.toString("latin1", keyStart, keyEnd));
    }
  }

  #refuseSteering(key: string): void {
    if (!steeringFields.has(key)) return;
    throw new PlatformError(
      "unsupported_parameter",
      `\`${key}\` is not accepted: where a call goes is configured, not asked for.`,
      { field: key },
    );
  }

  finish(): RequestHead {
    const { model } = this.#require();
    return {
      model: model.name,
      modelRange: model.range,
      stream: this.#stream,
      includeUsage: this.#includeUsage,
      choices: this.#choices,
      maxTokens: this.#maxTokens,
      streamOptionsRange: this.#streamOptionsRange,
      insertAt: skipBlank(this.#body, 0, this.#body.length) + 1,
    };
  }

  #require(): { readonly model: { readonly name: string; readonly range: Range } } {
    if (this.#model === undefined || this.#modelRange === undefined) {
      throw invalid("model", "`model` is missing. Name one of the models that GET /v1/models lists.");
    }
    return { model: { name: this.#model, range: this.#modelRange } };
  }

  #readModel(range: Range): void {
    if (this.#modelRange !== undefined) throw duplicate("model");
    this.#modelRange = range;
    if (isLastModel(this.#body, range)) {
      this.#model = lastModel.name;
      return;
    }
    const name = this.#readText(range) ?? this.#parse("model", range.start, range.end);
    if (typeof name !== "string" || !modelNamePattern.test(name)) {
      throw invalid(
        "model",
        "`model` must be a string of letters, digits and ._:/@+- with at most 256 characters.",
      );
    }
    this.#model = name;
    lastModel.name = name;
  }

  #readBoolean(field: string, start: number): boolean | undefined {
    // The scan has let nothing else pass that begins like a literal.
    switch (this.#body[start]) {
      case 0x74:
        return true;
      case 0x66:
        return false;
      case 0x6e:
        return undefined;
      default:
        throw invalid(field, `\`${field}\` must be true or false.`);
    }
  }

  /** A string of plain characters as it stands; undefined for anything else. */
  #readText({ start, end }: Range): string | undefined {
    const body = this.#body;
    if (body[start] !== quote) return undefined;
    for (let at = start + 1; at < end - 1; at++) {
      const byte = body[at] ?? 0;
      if (byte === backslash || byte < 0x20 || byte > 0x7e) return undefined;
    }
    return body.toString("latin1", start + 1, end - 1);
  }

  #readStreamOptions(range: Range): void {
    this.#streamOptionsRange = range;
    const options = this.#parse("stream_options", range.start, range.end);
    if (options === null) return;
    if (typeof options !== "object" || Array.isArray(options)) {
      throw invalid("stream_options", "`stream_options` must be an object.");
    }
    const wanted = "include_usage" in options ? options.include_usage : undefined;
    if (wanted !== undefined && wanted !== null && typeof wanted !== "boolean") {
      throw invalid("stream_options.include_usage", "`stream_options.include_usage` must be true or false.");
    }
    this.#includeUsage = wanted === true;
  }

  #readChoices(start: number, end: number): void {
    const count = this.#parse("n", start, end);
    if (count === null) return;
    if (typeof count !== "number" || !Number.isInteger(count) || count < 1 || count > mostChoices) {
      throw invalid("n", `\`n\` must be a whole number from 1 to ${mostChoices}.`);
    }
    this.#choices = count;
  }

  /** Ollama's place for it. */
  #readOptions(range: Range): void {
    if (this.#body[range.start] !== brace) return;
    scanJsonObject(this.#body, range, chatBodyLimits, {
      // oxlint-disable-next-line max-params -- as above
      member: (keyStart, keyEnd, valueStart, valueEnd) => {
        if (isTextAt(this.#body, keyStart, keyEnd, "num_predict")) this.#readMaxTokens(valueStart, valueEnd);
      },
    });
  }

  /** What is no plain number is the upstream's to refuse. The larger of two counts. */
  #readMaxTokens(start: number, end: number): void {
    if (end - start > mostDigits) return;
    let count = 0;
    for (let at = start; at < end; at++) {
      const digit = (this.#body[at] ?? 0) - digitZero;
      if (digit < 0 || digit > 9) return;
      count = count * 10 + digit;
    }
    this.#maxTokens = Math.max(this.#maxTokens ?? 0, count);
  }

  #parse(field: string, start: number, end: number): unknown {
    try {
      return JSON.parse(this.#body.toString("utf8", start, end));
    } catch (error) {
      throw new PlatformError("invalid_request", `\`${field}\` is not valid JSON.`, { field, cause: error });
    }
  }
}

/** The second is OpenAI's newer name. */
function isMaxTokens(body: Buffer, start: number, end: number): boolean {
  return isTextAt(body, start, end, "max_tokens") || isTextAt(body, start, end, "max_completion_tokens");
}

function invalid(field: string | undefined, message: string): PlatformError {
  return new PlatformError("invalid_request", message, field === undefined ? {} : { field });
}

function duplicate(field: string): PlatformError {
  return invalid(field, `\`${field}\` stands twice in the body; which one counts would be a guess.`);
}
