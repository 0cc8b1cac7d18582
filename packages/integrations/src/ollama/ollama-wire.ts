import type { Codec, EncodeInput, JsonObject } from "@llm-platform/kit";
import { createOllamaDecoder } from "./decode-reply.ts";
import { type EncodeSettings, encodeChat } from "./encode-chat.ts";
import { encodeCompletion } from "./encode-completion.ts";
import { encodeEmbedding } from "./encode-embedding.ts";
import type { RequestDefaults } from "./encode-options.ts";

/** What the codec knows of the server beside the call. Both look-ups are asked anew for each call. */
interface OllamaCodecInput extends RequestDefaults {
  readonly serverVersion: () => string | undefined;
  readonly windowTokensOf: (model: string) => number | undefined;
}

/** Translates between OpenAI's shape and Ollama's own API. */
export function createOllamaCodec(input: OllamaCodecInput): Codec {
  return {
    dialect: "ollama",
    encodeRequest(request) {
      const settings = { ...input, serverVersion: input.serverVersion() };
      return Buffer.from(JSON.stringify(encode(request, settings)));
    },
    createReplyDecoder: (facts) => createOllamaDecoder({ ...facts, windowTokensOf: input.windowTokensOf }),
  };
}

function encode(input: EncodeInput, settings: EncodeSettings): JsonObject {
  switch (input.operation) {
    case "chat":
      return encodeChat(input, settings);
    case "completion":
      return encodeCompletion(input, settings);
    case "embedding":
      return encodeEmbedding(input, settings);
  }
}
