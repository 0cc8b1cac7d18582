import type { Codec, JsonObject, ModelEvent, Usage } from "@llm-platform/kit";
import { createAnthropicCodec } from "../../packages/integrations/src/anthropic/anthropic-wire.ts";
import { createOllamaCodec } from "../../packages/integrations/src/ollama/ollama-wire.ts";
import { anthropicClientDialect } from "../../packages/server/src/gateway/dialects/anthropic/dialect.ts";
import type { ClientDialect } from "../../packages/server/src/gateway/dialects/client-dialect.ts";
import { ollamaClientDialect } from "../../packages/server/src/gateway/dialects/ollama/dialect.ts";
import { openAiClientDialect } from "../../packages/server/src/gateway/dialects/openai.ts";
import { OpenAiReplyDecoder } from "../../packages/server/src/gateway/dialects/openai-decoder.ts";

/** Both sides of one dialect: as clients speak it, and as platforms do. */
export interface Speaker {
  readonly client: ClientDialect;
  readonly codec: Codec;
  /** Leaves out of a request what the dialect has no word for, and does not matter to a reply. */
  readonly sayable?: (request: JsonObject) => JsonObject;
  /** Leaves out of a reply's meaning what the dialect has no word for. */
  readonly answerable?: (meaning: Meaning) => Meaning;
}

const openAiCodec: Codec = {
  dialect: "openai",
  encodeRequest: ({ request, model, stream }) =>
    Buffer.from(JSON.stringify({ ...request, model, ...(stream ? { stream } : {}) })),
  createReplyDecoder: (input) => new OpenAiReplyDecoder(input),
};

export const speakers: Readonly<Record<string, Speaker>> = {
  openai: { client: openAiClientDialect, codec: openAiCodec },
  ollama: {
    client: ollamaClientDialect,
    codec: createOllamaCodec({ serverVersion: () => "0.13.0", windowTokensOf: () => undefined }),
    sayable: ({ user: _user, tool_choice: _choice, ...request }) => request,
    answerable: (meaning) => ({
      ...meaning,
      calls: meaning.calls.map((call) => ({ ...call, id: "" })),
      usage: meaning.usage === undefined ? undefined : withoutCache(meaning.usage),
    }),
  },
  anthropic: {
    client: anthropicClientDialect,
    codec: createAnthropicCodec({ defaultMaxTokens: 4_096, thinkingFormOf: () => "budget" }),
  },
};

/** A request as a client of the dialect would write it. */
export function toClientBody({ codec }: Speaker, request: JsonObject, stream: boolean): JsonObject {
  const bytes = codec.encodeRequest({ operation: "chat", request, model: "tiny", stream });
  return JSON.parse(Buffer.from(bytes).toString("utf8"));
}

/** Canonical events as the bytes of the dialect; `isCut` leaves the end out. */
export function toBytes(
  { client }: Speaker,
  events: readonly ModelEvent[],
  { stream, isCut = false }: { readonly stream: boolean; readonly isCut?: boolean },
): Buffer {
  const encoder = client.createReplyEncoder({
    operation: "chat",
    stream,
    requestId: "req_1",
    model: "tiny",
    request: { stream_options: { include_usage: true } },
    nowMs: () => 1_763_877_600_000,
  });
  const text = events.map((event) => encoder.encode(event)).join("");
  return Buffer.from(isCut ? text : text + encoder.finish());
}

/** What the bytes of the dialect say. */
export function toEvents(
  { codec }: Speaker,
  pieces: readonly Uint8Array[],
  stream: boolean,
): readonly ModelEvent[] {
  const decoder = codec.createReplyDecoder({ operation: "chat", stream, estimatedInputTokens: 1 });
  return [...pieces.flatMap((piece) => decoder.push(piece)), ...decoder.end()];
}

function withoutCache({ inputTokens = 0, outputTokens = 0 }: Usage): Usage {
  return { inputTokens, outputTokens };
}

export interface Meaning {
  content: string;
  reasoning: string;
  readonly calls: { id: string; name: string; input: unknown }[];
  finish: string | undefined;
  usage: Usage | undefined;
  isEnded: boolean;
  error: string | undefined;
}

/** What a reply says in the end, however it was cut into events. */
export function toMeaning(events: readonly ModelEvent[]): Meaning {
  const meaning: Meaning = {
    content: "",
    reasoning: "",
    calls: [],
    finish: undefined,
    usage: undefined,
    isEnded: false,
    error: undefined,
  };
  const texts: string[] = [];
  for (const event of events) {
    if (event.type === "delta") {
      meaning.content += event.content ?? "";
      meaning.reasoning += event.reasoning ?? "";
      for (const { index, id, name, argumentsText } of event.toolCalls ?? []) {
        const call = (meaning.calls[index] ??= { id: "", name: "", input: undefined });
        call.id += id ?? "";
        call.name += name ?? "";
        texts[index] = (texts[index] ?? "") + (argumentsText ?? "");
      }
    } else if (event.type === "finish") meaning.finish = event.reason;
    else if (event.type === "usage") meaning.usage = event.usage;
    else if (event.type === "end") meaning.isEnded = true;
    else if (event.type === "error") meaning.error = event.error.code;
  }
  for (const [index, call] of meaning.calls.entries()) call.input = JSON.parse(texts[index] || "{}");
  return meaning;
}
