import type { Codec } from "@llm-platform/kit";
import { createAnthropicDecoder } from "./decode-reply.ts";
import { type EncodeSettings, encodeChat } from "./encode-chat.ts";

/** Translates between OpenAI's shape and Anthropic's Messages API, which has chats only. */
export function createAnthropicCodec(settings: EncodeSettings): Codec {
  return {
    dialect: "anthropic",
    encodeRequest: (input) => Buffer.from(JSON.stringify(encodeChat(input, settings))),
    createReplyDecoder: createAnthropicDecoder,
  };
}
