import {
  type Delta,
  type FinishReason,
  type Json,
  type JsonObject,
  type ModelEvent,
  objectAt,
  type Operation,
  type ToolCallDelta,
  type Usage,
} from "@llm-platform/kit";
import type { ReplyEncoder, ReplyEncoderInput } from "./client-dialect.ts";

/** What the frames of a reply in the OpenAI dialect say of the call. */
interface ReplyMarks {
  readonly operation: Operation;
  readonly requestId: string;
  readonly model: string;
  readonly createdSeconds: number;
  /** Send the usage event at the end of a stream. */
  readonly includeUsage: boolean;
  /** Embeddings as base64 of little-endian 32-bit floats instead of numbers. */
  readonly isBase64: boolean;
}

/** Writes replies in the OpenAI dialect: server-sent events for a stream, else one JSON object. */
export function createOpenAiEncoder(input: ReplyEncoderInput): ReplyEncoder {
  const { operation, requestId, model, request } = input;
  const marks = {
    operation,
    requestId,
    model,
    createdSeconds: Math.floor(input.nowMs() / 1_000),
    includeUsage: objectAt(request, "stream_options").include_usage === true,
    isBase64: request.encoding_format === "base64",
  };
  return input.stream ? new OpenAiStreamEncoder(marks) : new OpenAiReplyBuilder(marks);
}

/** Writes canonical events as a stream of the OpenAI dialect. */
class OpenAiStreamEncoder implements ReplyEncoder {
  readonly #input: ReplyMarks;
  readonly #startedChoices = new Set<number>();
  #usage: Usage | undefined;

  constructor(input: ReplyMarks) {
    this.#input = input;
  }

  encode(event: ModelEvent): string {
    switch (event.type) {
      case "delta":
        return this.#frame([this.#choice(event)]);
      case "finish":
        return this.#frame([finishChoice(this.#input.operation, event)]);
      case "usage":
        // It may come more than once, and counts for all of the reply each time.
        this.#usage = event.usage;
        return "";
      default:
        return "";
    }
  }

  finish(): string {
    const usage = this.#input.includeUsage ? this.#usage : undefined;
    return `${usage === undefined ? "" : this.#frame([], formatUsage(usage))}data: [DONE]\n\n`;
  }

  #choice(delta: Delta): JsonObject {
    if (this.#input.operation === "completion") {
      return {
        index: delta.choice,
        text: delta.content ?? "",
        logprobs: delta.logprobs ?? null,
        finish_reason: null,
      };
    }
    const isFirst = !this.#startedChoices.has(delta.choice);
    this.#startedChoices.add(delta.choice);
    return {
      index: delta.choice,
      delta: { ...(isFirst ? openingOf(delta) : {}), ...messageParts(delta) },
      logprobs: delta.logprobs ?? null,
      finish_reason: null,
    };
  }

  #frame(choices: readonly JsonObject[], usage?: JsonObject): string {
    const { requestId, createdSeconds, model, operation } = this.#input;
    const chunk = {
      ...replyHead(operation, requestId, "chat.completion.chunk"),
      created: createdSeconds,
      model,
      choices,
      ...(usage === undefined ? {} : { usage }),
    };
    return `data: ${JSON.stringify(chunk)}\n\n`;
  }
}

/** A message that begins with a tool call has no content, which is not the same as an empty one. */
function openingOf(delta: Delta): JsonObject {
  return { role: "assistant", content: delta.toolCalls === undefined ? "" : null };
}

/** Gathers canonical events into one whole reply of the OpenAI dialect. */
class OpenAiReplyBuilder implements ReplyEncoder {
  readonly #input: ReplyMarks;
  readonly #choices = new Map<number, GatheredChoice>();
  readonly #vectors: { readonly index: number; readonly vector: readonly number[] }[] = [];
  #usage: Usage | undefined;

  constructor(input: ReplyMarks) {
    this.#input = input;
  }

  encode(event: ModelEvent): string {
    if (event.type === "delta") this.#choice(event.choice).add(event);
    else if (event.type === "finish") this.#choice(event.choice).finishReason = event.reason;
    else if (event.type === "embedding") this.#vectors.push(event);
    else if (event.type === "usage") this.#usage = event.usage;
    return "";
  }

  finish(): string {
    return JSON.stringify(this.#build());
  }

  #build(): JsonObject {
    const { operation, requestId, createdSeconds, model } = this.#input;
    const usage = formatUsage(this.#usage ?? {});
    if (operation === "embedding") return this.#buildEmbeddings(usage);
    const choices = [...this.#choices].sort(([left], [right]) => left - right);
    return {
      ...replyHead(operation, requestId, "chat.completion"),
      created: createdSeconds,
      model,
      choices: choices.map(([index, choice]) => choice.format(index, operation)),
      usage,
    };
  }

  #buildEmbeddings(usage: JsonObject): JsonObject {
    const data = this.#vectors.map(({ index, vector }) => ({
      object: "embedding",
      index,
      embedding: this.#input.isBase64 ? toBase64(vector) : vector,
    }));
    const { completion_tokens: _none, ...inputUsage } = usage;
    return { object: "list", data, model: this.#input.model, usage: inputUsage };
  }

  #choice(index: number): GatheredChoice {
    const choice = this.#choices.get(index) ?? new GatheredChoice();
    this.#choices.set(index, choice);
    return choice;
  }
}

class GatheredChoice {
  finishReason: FinishReason | null = null;
  #content: string | undefined;
  #reasoning = "";
  #refusal: string | undefined;
  #logprobs: Json = null;
  readonly #toolCalls = new Map<number, { id: string; name: string; argumentsText: string }>();

  add(delta: Delta): void {
    if (delta.content !== undefined) this.#content = (this.#content ?? "") + delta.content;
    if (delta.reasoning !== undefined) this.#reasoning += delta.reasoning;
    if (delta.refusal !== undefined) this.#refusal = (this.#refusal ?? "") + delta.refusal;
    if (delta.logprobs !== undefined) this.#logprobs = mergeLogprobs(this.#logprobs, delta.logprobs);
    for (const part of delta.toolCalls ?? []) this.#addToolCall(part);
  }

  format(index: number, operation: Operation): JsonObject {
    if (operation === "completion") {
      return { index, text: this.#content ?? "", logprobs: this.#logprobs, finish_reason: this.finishReason };
    }
    const toolCalls = [...this.#toolCalls.values()].map(({ id, name, argumentsText }) => ({
      id,
      type: "function",
      function: { name, arguments: argumentsText },
    }));
    const message = {
      role: "assistant",
      content: toolCalls.length > 0 && (this.#content ?? "") === "" ? null : (this.#content ?? ""),
      refusal: this.#refusal ?? null,
      ...(this.#reasoning === "" ? {} : { reasoning_content: this.#reasoning }),
      ...(toolCalls.length === 0 ? {} : { tool_calls: toolCalls }),
    };
    return { index, message, logprobs: this.#logprobs, finish_reason: this.finishReason };
  }

  #addToolCall(part: ToolCallDelta): void {
    const call = this.#toolCalls.get(part.index) ?? { id: "", name: "", argumentsText: "" };
    if (part.id !== undefined) call.id = part.id;
    if (part.name !== undefined) call.name = part.name;
    call.argumentsText += part.argumentsText ?? "";
    this.#toolCalls.set(part.index, call);
  }
}

/** Joins two pieces of OpenAI's logprobs, `{ content: […] }` each. */
function mergeLogprobs(left: Json, right: Json): Json {
  const [first, second] = [contentOf(left), contentOf(right)];
  return first === undefined || second === undefined
    ? right
    : { content: [...first, ...second], refusal: null };
}

function contentOf(value: Json): readonly Json[] | undefined {
  if (typeof value !== "object" || value === null || !("content" in value)) return undefined;
  return Array.isArray(value.content) ? value.content : undefined;
}

function replyHead(
  operation: Operation,
  requestId: string,
  chatObject: string,
): { readonly id: string; readonly object: string } {
  return operation === "completion"
    ? { id: `cmpl-${requestId}`, object: "text_completion" }
    : { id: `chatcmpl-${requestId}`, object: chatObject };
}

function finishChoice(
  operation: Operation,
  event: { readonly choice: number; readonly reason: FinishReason },
): JsonObject {
  const parts = operation === "completion" ? { text: "" } : { delta: {} };
  return { index: event.choice, ...parts, logprobs: null, finish_reason: event.reason };
}

/** What is new in a message, as a chunk of the OpenAI dialect has it. */
export function messageParts(delta: Delta): JsonObject {
  return {
    ...(delta.content === undefined ? {} : { content: delta.content }),
    ...(delta.reasoning === undefined ? {} : { reasoning_content: delta.reasoning }),
    ...(delta.refusal === undefined ? {} : { refusal: delta.refusal }),
    ...(delta.toolCalls === undefined ? {} : { tool_calls: delta.toolCalls.map(formatToolCall) }),
  };
}

function formatToolCall(part: ToolCallDelta): JsonObject {
  return {
    index: part.index,
    ...(part.id === undefined ? {} : { id: part.id, type: "function" }),
    function: {
      ...(part.name === undefined ? {} : { name: part.name }),
      ...(part.argumentsText === undefined ? {} : { arguments: part.argumentsText }),
    },
  };
}

/** Tokens as the OpenAI dialect counts them. */
export function formatUsage(usage: Usage): JsonObject {
  const prompt = usage.inputTokens ?? 0;
  const completion = usage.outputTokens ?? 0;
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    ...(usage.cacheReadTokens === undefined
      ? {}
      : { prompt_tokens_details: { cached_tokens: usage.cacheReadTokens } }),
    ...(usage.reasoningTokens === undefined
      ? {}
      : { completion_tokens_details: { reasoning_tokens: usage.reasoningTokens } }),
  };
}

function toBase64(vector: readonly number[]): string {
  const bytes = Buffer.allocUnsafe(vector.length * 4);
  vector.forEach((value, index) => {
    bytes.writeFloatLE(value, index * 4);
  });
  return bytes.toString("base64");
}
