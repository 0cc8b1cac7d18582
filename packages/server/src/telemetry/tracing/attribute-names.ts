import { encodeEventName, encodeKey } from "./span-buffer.ts";

/**
 * Names of the attributes of calls: the one place where they are spelled. Those of
 * OpenTelemetry's GenAI conventions are of their page of November 2026 (semantic-conventions-genai, state
 * "development"), whose package of constants marks them as moved.
 */
const attributeNames = {
  operation: "gen_ai.operation.name",
  provider: "gen_ai.provider.name",
  requestModel: "gen_ai.request.model",
  responseModel: "gen_ai.response.model",
  isStream: "gen_ai.request.stream",
  temperature: "gen_ai.request.temperature",
  topP: "gen_ai.request.top_p",
  topK: "gen_ai.request.top_k",
  maxTokens: "gen_ai.request.max_tokens",
  seed: "gen_ai.request.seed",
  stopSequences: "gen_ai.request.stop_sequences",
  choiceCount: "gen_ai.request.choice.count",
  finishReasons: "gen_ai.response.finish_reasons",
  timeToFirstChunk: "gen_ai.response.time_to_first_chunk",
  inputTokens: "gen_ai.usage.input_tokens",
  outputTokens: "gen_ai.usage.output_tokens",
  cacheReadTokens: "gen_ai.usage.cache_read.input_tokens",
  cacheWriteTokens: "gen_ai.usage.cache_creation.input_tokens",
  reasoningTokens: "gen_ai.usage.reasoning.output_tokens",
  errorType: "error.type",
  statusCode: "http.response.status_code",
  resendCount: "http.request.resend_count",
  requestId: "llm_platform.request_id",
  attemptId: "llm_platform.attempt_id",
  protocol: "llm_platform.protocol",
  dialect: "llm_platform.dialect",
  upstreamDialect: "llm_platform.upstream_dialect",
  principal: "llm_platform.principal",
  integration: "llm_platform.integration",
  outcome: "llm_platform.outcome",
  attempts: "llm_platform.attempts",
  costMicros: "llm_platform.cost_micros",
  currency: "llm_platform.currency",
  inputMessages: "gen_ai.input.messages",
  outputMessages: "gen_ai.output.messages",
  systemInstructions: "gen_ai.system_instructions",
  truncatedContent: "llm_platform.truncated_content",
};

export type AttributeNames = Readonly<Record<keyof typeof attributeNames, string>>;
/** The same as the bytes that stand for them in spans. */
export type AttributeKeys = Readonly<Record<keyof typeof attributeNames, Uint8Array>>;

/** With the names that the newest conventions spell otherwise. */
const latestNames: AttributeNames = {
  ...attributeNames,
  cacheWriteTokens: "gen_ai.usage.cache_write.input_tokens",
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

/** The event that holds the content of a call of a model, where it is not in the span. */
export const contentEventName = "gen_ai.client.inference.operation.details";

/** The names by which attributes are written. */
export function attributeNamesOf(conventions: "default" | "latest"): AttributeNames {
  return conventions === "latest" ? latestNames : attributeNames;
}

/** The same, encoded: to be done once for all spans. */
export function attributeKeysOf(conventions: "default" | "latest"): AttributeKeys {
  const names = attributeNamesOf(conventions);
  return {
    operation: encodeKey(names.operation),
    provider: encodeKey(names.provider),
    requestModel: encodeKey(names.requestModel),
    responseModel: encodeKey(names.responseModel),
    isStream: encodeKey(names.isStream),
    temperature: encodeKey(names.temperature),
    topP: encodeKey(names.topP),
    topK: encodeKey(names.topK),
    maxTokens: encodeKey(names.maxTokens),
    seed: encodeKey(names.seed),
    stopSequences: encodeKey(names.stopSequences),
    choiceCount: encodeKey(names.choiceCount),
    finishReasons: encodeKey(names.finishReasons),
    timeToFirstChunk: encodeKey(names.timeToFirstChunk),
    inputTokens: encodeKey(names.inputTokens),
    outputTokens: encodeKey(names.outputTokens),
    cacheReadTokens: encodeKey(names.cacheReadTokens),
    cacheWriteTokens: encodeKey(names.cacheWriteTokens),
    reasoningTokens: encodeKey(names.reasoningTokens),
    errorType: encodeKey(names.errorType),
    statusCode: encodeKey(names.statusCode),
    resendCount: encodeKey(names.resendCount),
    requestId: encodeKey(names.requestId),
    attemptId: encodeKey(names.attemptId),
    protocol: encodeKey(names.protocol),
    dialect: encodeKey(names.dialect),
    upstreamDialect: encodeKey(names.upstreamDialect),
    principal: encodeKey(names.principal),
    integration: encodeKey(names.integration),
    outcome: encodeKey(names.outcome),
    attempts: encodeKey(names.attempts),
    costMicros: encodeKey(names.costMicros),
    currency: encodeKey(names.currency),
    inputMessages: encodeKey(names.inputMessages),
    outputMessages: encodeKey(names.outputMessages),
    systemInstructions: encodeKey(names.systemInstructions),
    truncatedContent: encodeKey(names.truncatedContent),
  };
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
