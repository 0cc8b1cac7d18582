import Anthropic from "@anthropic-ai/sdk";
import { Ollama } from "ollama";
import OpenAI from "openai";
import type { Platform } from "../e2e/start-platform.ts";
import type { ChatClient, ChatOutcome } from "./scenario-client.ts";

/** What a client makes of one piece of an answer. */
interface Piece {
  readonly content?: string | undefined;
  readonly finish?: string | null | undefined;
  readonly outputTokens?: number | undefined;
}

/** Gathers the pieces of an answer as its reader sees them. */
async function gather(pieces: AsyncIterable<Piece>): Promise<ChatOutcome> {
  let content = "";
  let deltas = 0;
  let finish: string | undefined;
  let outputTokens: number | undefined;
  for await (const piece of pieces) {
    if (piece.content) deltas++;
    content += piece.content ?? "";
    finish = piece.finish ?? finish;
    outputTokens = piece.outputTokens ?? outputTokens;
  }
  return { content, deltas, finish, outputTokens };
}

/** Reads until the second delta, and leaves. */
async function leaveAfterTwo(pieces: AsyncIterable<Piece>): Promise<void> {
  let deltas = 0;
  for await (const { content } of pieces) {
    if (content) deltas++;
    if (deltas === 2) return;
  }
}

/** @param chat begins a chat; a client leaves by ending its loop */
function createChatClient(chat: (model: string, text: string) => AsyncGenerator<Piece, void>): ChatClient {
  return {
    chat: (model, text) => gather(chat(model, text)),
    giveUp: (model, text) => leaveAfterTwo(chat(model, text)),
    close: async () => undefined,
  };
}

/** The `openai` SDK's Responses calls. */
export function createResponsesChat(platform: Platform, key: string): ChatClient {
  const client = new OpenAI({ baseURL: `${platform.url}/v1`, apiKey: key, maxRetries: 0 });
  return createChatClient(async function* (model, text) {
    const stream = await client.responses.create({ model, input: text, stream: true });
    for await (const event of stream) {
      if (event.type === "response.output_text.delta") yield { content: event.delta };
      if (event.type === "response.completed")
        yield { finish: event.response.status, outputTokens: event.response.usage?.output_tokens };
    }
  });
}

/** The `@anthropic-ai/sdk`. */
export function createAnthropicChat(platform: Platform, key: string): ChatClient {
  const client = new Anthropic({ baseURL: platform.url, apiKey: key, maxRetries: 0 });
  return createChatClient(async function* (model, text) {
    const stream = await client.messages.create({
      model,
      max_tokens: 200,
      stream: true,
      messages: [{ role: "user", content: text }],
    });
    for await (const event of stream) {
      if (event.type === "content_block_delta" && event.delta.type === "text_delta")
        yield { content: event.delta.text };
      if (event.type === "message_delta")
        yield { finish: event.delta.stop_reason, outputTokens: event.usage.output_tokens };
    }
  });
}

/** The `ollama` npm client. */
export function createOllamaChat(platform: Platform, key: string): ChatClient {
  const client = new Ollama({ host: platform.url, headers: { authorization: `Bearer ${key}` } });
  return createChatClient(async function* (model, text) {
    const stream = await client.chat({ model, stream: true, messages: [{ role: "user", content: text }] });
    try {
      for await (const part of stream) {
        yield {
          content: part.message.content,
          ...(part.done ? { finish: part.done_reason, outputTokens: part.eval_count } : {}),
        };
      }
    } finally {
      // Leaving its loop is not enough for this client.
      stream.abort();
    }
  });
}
