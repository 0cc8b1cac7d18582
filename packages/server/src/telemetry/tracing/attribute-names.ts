import { encodeEventName, encodeKey } from "./span-buffer.ts";

/**
 * Names of the attributes of spans, as the bytes that stand for them: the one place where they are spelled. Those of
 * OpenTelemetry's GenAI conventions are of their page of November 2026 (semantic-conventions-genai, state
 * "development"), whose package of constants marks them as moved.
 */
const attributeKeys = {
  operation: encodeKey("gen_ai.operation.name"),
  provider: encodeKey("gen_ai.provider.name"),
  requestModel: encodeKey("gen_ai.request.model"),
  responseModel: encodeKey("gen_ai.response.model"),
  isStream: encodeKey("gen_ai.request.stream"),
  temperature: encodeKey("gen_ai.request.temperature"),
  topP: encodeKey("gen_ai.request.top_p"),
  topK: encodeKey("gen_ai.request.top_k"),
  maxTokens: encodeKey("gen_ai.request.max_tokens"),
  seed: encodeKey("gen_ai.request.seed"),
  stopSequences: encodeKey("gen_ai.request.stop_sequences"),
  choiceCount: encodeKey("gen_ai.request.choice.count"),
  finishReasons: encodeKey("gen_ai.response.finish_reasons"),
  timeToFirstChunk: encodeKey("gen_ai.response.time_to_first_chunk"),
  inputTokens: encodeKey("gen_ai.usage.input_tokens"),
  outputTokens: encodeKey("gen_ai.usage.output_tokens"),
  cacheReadTokens: encodeKey("gen_ai.usage.cache_read.input_tokens"),
  cacheWriteTokens: encodeKey("gen_ai.usage.cache_creation.input_tokens"),
  reasoningTokens: encodeKey("gen_ai.usage.reasoning.output_tokens"),
  errorType: encodeKey("error.type"),
  statusCode: encodeKey("http.response.status_code"),
  resendCount: encodeKey("http.request.resend_count"),
  requestId: encodeKey("llm_platform.request_id"),
  attemptId: encodeKey("llm_platform.attempt_id"),
  protocol: encodeKey("llm_platform.protocol"),
  dialect: encodeKey("llm_platform.dialect"),
  upstreamDialect: encodeKey("llm_platform.upstream_dialect"),
  principal: encodeKey("llm_platform.principal"),
  integration: encodeKey("llm_platform.integration"),
  outcome: encodeKey("llm_platform.outcome"),
  attempts: encodeKey("llm_platform.attempts"),
  costMicros: encodeKey("llm_platform.cost_micros"),
  currency: encodeKey("llm_platform.currency"),
};

export type AttributeKeys = Readonly<Record<keyof typeof attributeKeys, Uint8Array>>;

/** With the names that the newest conventions spell otherwise. */
const latestKeys: AttributeKeys = {
  ...attributeKeys,
  cacheWriteTokens: encodeKey("gen_ai.usage.cache_write.input_tokens"),
};

/** Names of what happens at one moment of a span. */
export const eventKeys = {
  admitted: encodeEventName("llm_platform.admitted"),
  routed: encodeEventName("llm_platform.routed"),
  sent: encodeEventName("llm_platform.sent"),
  transcoded: encodeEventName("llm_platform.transcoded"),
  firstContent: encodeEventName("llm_platform.first_content"),
};

/** What the conventions call an operation. */
export const operationNames = {
  chat: "chat",
  completion: "text_completion",
  embedding: "embeddings",
} as const;

/** The names by which attributes are written. */
export function attributeKeysOf(conventions: "default" | "latest"): AttributeKeys {
  return conventions === "latest" ? latestKeys : attributeKeys;
}

/** Names of the attributes of spans that are not of calls. */
export const workAttributes = {
  operation: "llm_platform.operation",
  principal: "llm_platform.principal",
  requestId: "llm_platform.request_id",
  integration: "llm_platform.integration",
  databaseSystem: "db.system.name",
  databaseOperation: "db.operation.name",
  databaseQuery: "db.query.text",
  method: "http.request.method",
  statusCode: "http.response.status_code",
  serverAddress: "server.address",
  serverPort: "server.port",
} as const;
