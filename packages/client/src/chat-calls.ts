import type { CallOptions } from "./call-options.ts";
import { type ChatChunk, readChatStream } from "./chat-stream.ts";

export interface ChatMessage {
  readonly role: "system" | "user" | "assistant";
  readonly content: string;
}

/** A part of what a person says: a text, or an image as a data URL. */
export type ChatPart =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "image_url"; readonly image_url: { readonly url: string } };

/** A function that a model wants to have called. */
export interface ChatToolCall {
  readonly id: string;
  readonly type: "function";
  /** `arguments` is JSON, as far as the model wrote it whole. */
  readonly function: { readonly name: string; readonly arguments: string };
}

/** Any message of a conversation, in OpenAI's words. */
export type ChatTurn =
  | { readonly role: "system"; readonly content: string }
  | { readonly role: "user"; readonly content: string | readonly ChatPart[] }
  | {
      readonly role: "assistant";
      readonly content: string | null;
      readonly tool_calls?: readonly ChatToolCall[];
    }
  | { readonly role: "tool"; readonly tool_call_id: string; readonly content: string };

/** A call of a model for chat, as it goes over the wire but for what makes it a stream. */
export interface ChatRequest {
  readonly model: string;
  readonly messages: readonly ChatTurn[];
  readonly temperature?: number;
  readonly top_p?: number;
  readonly max_tokens?: number;
  readonly seed?: number;
  readonly stop?: readonly string[];
  /** Definitions as OpenAI has them; the server checks them. */
  readonly tools?: readonly unknown[];
  readonly response_format?: object;
}

/** An answer that has begun. */
export interface OpenChat {
  /** By which the call is found in the log of requests. */
  readonly requestId: string | undefined;
  readonly status: number;
  /** To be read once. Throws ClientError when the stream breaks off. */
  readonly chunks: AsyncIterable<ChatChunk>;
}

/** Calls of models for chat, streamed. */
export interface ChatCalls {
  /** Streams an answer. Throws ClientError when the stream breaks off. */
  chat(model: string, messages: readonly ChatMessage[], signal?: AbortSignal): AsyncIterable<ChatChunk>;
  /** Resolves when the answer begins. Rejects with ClientError. */
  openChat(request: ChatRequest, signal?: AbortSignal): Promise<OpenChat>;
}

/** The whole body of a streamed call. */
export function toStreamedBody(request: ChatRequest): object {
  return { ...request, stream: true, stream_options: { include_usage: true } };
}

export function createChatCalls({
  send,
}: {
  send(path: string, options: CallOptions): Promise<Response>;
}): ChatCalls {
  async function openChat(request: ChatRequest, signal?: AbortSignal): Promise<OpenChat> {
    const body = toStreamedBody(request);
    const response = await send("/v1/chat/completions", { method: "POST", body, signal });
    return {
      requestId: response.headers.get("x-request-id") ?? undefined,
      status: response.status,
      chunks: readChatStream(response),
    };
  }
  return {
    async *chat(model, messages, signal) {
      yield* (await openChat({ model, messages }, signal)).chunks;
    },
    openChat,
  };
}
