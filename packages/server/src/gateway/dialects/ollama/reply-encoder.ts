import {
  type Delta,
  type FinishReason,
  isJsonArray,
  isJsonObject,
  type Json,
  type JsonObject,
  type ModelEvent,
  type ToolCallDelta,
  type Usage,
} from "@llm-platform/kit";
import { malformed } from "../../../wire/reply-facts.ts";
import type { ReplyEncoder, ReplyEncoderInput } from "../client-dialect.ts";

/** What is new in a reply, as one of the endpoints writes it. */
interface Piece {
  readonly text: string;
  readonly thinking?: string | undefined;
  readonly toolCalls?: readonly JsonObject[] | undefined;
}

/** How an endpoint words a reply, in the order of its fields. */
interface Wording {
  piece(piece: Piece): JsonObject;
  /** `done` and why. */
  end(reason: string | undefined): JsonObject;
}

const chatWording: Wording = {
  piece: ({ text, thinking, toolCalls }) => ({
    message: {
      role: "assistant",
      content: text,
      ...(thinking === undefined ? {} : { thinking }),
      ...(toolCalls === undefined ? {} : { tool_calls: toolCalls }),
    },
  }),
  end: (reason) => ({ ...(reason === undefined ? {} : { done_reason: reason }), done: true }),
};

const generateWording: Wording = {
  piece: ({ text, thinking }) => ({ response: text, ...(thinking === undefined ? {} : { thinking }) }),
  end: (reason) => ({ done: true, ...(reason === undefined ? {} : { done_reason: reason }) }),
};

/** Writes a reply of `/api/chat`, or of `/api/embed`. */
export function createChatEncoder(input: ReplyEncoderInput): ReplyEncoder {
  switch (input.operation) {
    case "chat":
      return new ReplyTextEncoder(input, chatWording);
    case "completion":
      return new ReplyTextEncoder(input, generateWording);
    case "embedding":
      return new ReplyVectorEncoder(input, (vectors) => ({ embeddings: vectors }));
  }
}

/** Writes a reply of `/api/generate`. */
export function createGenerateEncoder(input: ReplyEncoderInput): ReplyEncoder {
  return new ReplyTextEncoder(input, generateWording);
}

/** Writes a reply of `/api/embeddings`, which has nothing but the vector. */
export function createEmbeddingsEncoder(input: ReplyEncoderInput): ReplyEncoder {
  return new ReplyVectorEncoder(input, ([vector = []]) => ({ embedding: vector }));
}

const nanosPerMilli = 1_000_000;

/** The model by the name that the client gave it. */
function nameOf({ request, model }: ReplyEncoderInput): string {
  return typeof request.model === "string" ? request.model : model;
}

class ReplyTextEncoder implements ReplyEncoder {
  readonly #input: ReplyEncoderInput;
  readonly #wording: Wording;
  readonly #startedAtMs: number;
  readonly #toolCalls: JsonObject[] = [];
  #firstAtMs: number | undefined;
  #call: { readonly index: number; name: string; text: string } | undefined;
  #text = "";
  #thinking = "";
  #logprobs: Json[] = [];
  #usage: Usage = {};
  #reason: FinishReason | undefined;

  constructor(input: ReplyEncoderInput, wording: Wording) {
    this.#input = input;
    this.#wording = wording;
    this.#startedAtMs = input.nowMs();
  }

  encode(event: ModelEvent): string {
    switch (event.type) {
      case "delta":
        this.#firstAtMs ??= this.#input.nowMs();
        return this.#addDelta(event);
      case "finish":
        this.#reason = event.reason;
        return this.#lines(this.#closeCall());
      case "usage":
        this.#usage = event.usage;
        return "";
      default:
        return "";
    }
  }

  finish(): string {
    const last = this.#lines(this.#closeCall());
    const isStream = this.#input.stream;
    const piece: Piece = isStream
      ? { text: "" }
      : {
          text: this.#text,
          thinking: this.#thinking === "" ? undefined : this.#thinking,
          toolCalls: this.#toolCalls.length === 0 ? undefined : this.#toolCalls,
        };
    const logprobs = isStream || this.#logprobs.length === 0 ? {} : { logprobs: this.#logprobs };
    const line = JSON.stringify({
      ...this.#head(),
      ...this.#wording.piece(piece),
      ...this.#wording.end(toDoneReason(this.#reason)),
      ...logprobs,
      ...this.#metrics(),
    });
    return isStream ? `${last}${line}\n` : line;
  }

  #addDelta({ content = "", refusal = "", reasoning = "", toolCalls = [], logprobs }: Delta): string {
    const text = content + refusal;
    const tokens = tokensOf(logprobs);
    this.#text += text;
    this.#thinking += reasoning;
    this.#logprobs.push(...tokens);
    let lines = reasoning === "" ? "" : this.#line({ text: "", thinking: reasoning }, []);
    if (text !== "" || tokens.length > 0) lines += this.#line({ text }, tokens);
    for (const part of toolCalls) lines += this.#lines(this.#addCall(part));
    return lines;
  }

  /** A call goes out whole: the one before is whole when the next begins. */
  #addCall({ index, name, argumentsText = "" }: ToolCallDelta): readonly Piece[] {
    const finished = this.#call !== undefined && this.#call.index !== index ? this.#closeCall() : [];
    this.#call ??= { index, name: "", text: "" };
    if (name !== undefined) this.#call.name = name;
    this.#call.text += argumentsText;
    return finished;
  }

  #closeCall(): readonly Piece[] {
    const call = this.#call;
    this.#call = undefined;
    if (call === undefined) return [];
    const formatted = { function: { name: call.name, arguments: parseArguments(call.text) } };
    this.#toolCalls.push(formatted);
    return [{ text: "", toolCalls: [formatted] }];
  }

  #lines(pieces: readonly Piece[]): string {
    return pieces.map((piece) => this.#line(piece, [])).join("");
  }

  #line(piece: Piece, tokens: readonly Json[]): string {
    if (!this.#input.stream) return "";
    const line = {
      ...this.#head(),
      ...this.#wording.piece(piece),
      done: false,
      ...(tokens.length === 0 ? {} : { logprobs: tokens }),
    };
    return `${JSON.stringify(line)}\n`;
  }

  #head(): JsonObject {
    return { model: nameOf(this.#input), created_at: new Date(this.#input.nowMs()).toISOString() };
  }

  /** Counts and times, as far as they are known; what would be 0 is left out, as by Ollama. */
  #metrics(): JsonObject {
    const nowMs = this.#input.nowMs();
    const firstAtMs = this.#input.stream ? (this.#firstAtMs ?? nowMs) : this.#startedAtMs;
    const metrics = {
      total_duration: (nowMs - this.#startedAtMs) * nanosPerMilli,
      prompt_eval_count: this.#usage.inputTokens ?? 0,
      prompt_eval_duration: (firstAtMs - this.#startedAtMs) * nanosPerMilli,
      eval_count: this.#usage.outputTokens ?? 0,
      eval_duration: (nowMs - firstAtMs) * nanosPerMilli,
    };
    return Object.fromEntries(Object.entries(metrics).filter(([, value]) => value > 0));
  }
}

class ReplyVectorEncoder implements ReplyEncoder {
  readonly #input: ReplyEncoderInput;
  readonly #word: (vectors: readonly (readonly number[])[]) => JsonObject;
  readonly #startedAtMs: number;
  readonly #vectors: { readonly index: number; readonly vector: readonly number[] }[] = [];
  #usage: Usage = {};

  constructor(input: ReplyEncoderInput, word: (vectors: readonly (readonly number[])[]) => JsonObject) {
    this.#input = input;
    this.#word = word;
    this.#startedAtMs = input.nowMs();
  }

  encode(event: ModelEvent): string {
    if (event.type === "embedding") this.#vectors.push(event);
    else if (event.type === "usage") this.#usage = event.usage;
    return "";
  }

  finish(): string {
    const worded = this.#word(
      this.#vectors.toSorted((one, other) => one.index - other.index).map(({ vector }) => vector),
    );
    if ("embedding" in worded) return JSON.stringify(worded);
    const durationNanos = (this.#input.nowMs() - this.#startedAtMs) * nanosPerMilli;
    const count = this.#usage.inputTokens ?? 0;
    return JSON.stringify({
      model: nameOf(this.#input),
      ...worded,
      ...(durationNanos === 0 ? {} : { total_duration: durationNanos }),
      ...(count === 0 ? {} : { prompt_eval_count: count }),
    });
  }
}

/** Ollama has one word for an end that the model chose, also where it called tools. */
function toDoneReason(reason: FinishReason | undefined): string | undefined {
  return reason === "tool_calls" ? "stop" : reason;
}

/** Throws PlatformError `upstream_malformed`: Ollama's clients get arguments as an object. */
function parseArguments(text: string): JsonObject {
  if (text.trim() === "") return {};
  try {
    const value: Json = JSON.parse(text);
    if (isJsonObject(value)) return value;
  } catch {
    // Told below, together with what is JSON but no object.
  }
  throw malformed("a tool call whose arguments are not a JSON object");
}

/** The tokens of OpenAI's log probabilities, which Ollama has in a list of their own. */
function tokensOf(logprobs: Json | undefined): readonly Json[] {
  return isJsonObject(logprobs) && isJsonArray(logprobs.content) ? logprobs.content : [];
}
