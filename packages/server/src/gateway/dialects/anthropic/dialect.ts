import { decodeAnthropicRequest } from "./decode-request.ts";
import { AnthropicStreamEncoder } from "./stream-encoder.ts";
import { AnthropicReplyBuilder } from "./reply-builder.ts";
import type { ClientDialect } from "../client-dialect.ts";
import { PassingStreamReader, PassingWholeReader } from "../passing-reader.ts";

const endFrame = Buffer.from('event: message_stop\ndata: {"type":"message_stop"}\n\n');

/** Anthropic's Messages API. */
export const anthropicClientDialect: ClientDialect = {
  dialect: "anthropic",
  createPassingReader: ({ stream, createDecoder }) =>
    stream ? new PassingStreamReader(createDecoder(), endFrame) : new PassingWholeReader(createDecoder()),
  decodeRequest: decodeAnthropicRequest,
  createReplyEncoder: (input) =>
    input.stream ? new AnthropicStreamEncoder(input) : new AnthropicReplyBuilder(input),
};
