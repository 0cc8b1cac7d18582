import { SseReader } from "../../wire/sse-reader.ts";
import { WholeReader } from "../../wire/whole-reader.ts";
import type { ClientDialect } from "./client-dialect.ts";
import { createOpenAiEncoder } from "./openai-encoder.ts";

/** OpenAI's chat completions, completions and embeddings. Their shape is the canonical one. */
export const openAiClientDialect: ClientDialect = {
  dialect: "openai",
  createPassingReader: ({ stream, includeUsage, forms }) =>
    stream ? new SseReader({ keepUsageEvent: includeUsage, forms }) : new WholeReader(forms),
  decodeRequest: (_operation, body) => body,
  createReplyEncoder: createOpenAiEncoder,
};
