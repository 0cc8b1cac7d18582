/**
 * Names of the attributes of spans: the one place where they are spelled. Those of OpenTelemetry's GenAI conventions are
 * of their page of November 2026 (semantic-conventions-genai, state "development"), whose package of constants marks
 * them as moved.
 */
export const attributeNames = {
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
} as const;

/** Names that the newest conventions spell otherwise. */
const latestNames: Readonly<Partial<Record<keyof typeof attributeNames, string>>> = {
  cacheWriteTokens: "gen_ai.usage.cache_write.input_tokens",
};

/** Names of what happens at one moment of a span. */
export const eventNames = {
  admitted: "llm_platform.admitted",
  routed: "llm_platform.routed",
  sent: "llm_platform.sent",
  transcoded: "llm_platform.transcoded",
  firstContent: "llm_platform.first_content",
} as const;

/** What the conventions call an operation. */
export const operationNames = {
  chat: "chat",
  completion: "text_completion",
  embedding: "embeddings",
} as const;

type NameTable = Readonly<Record<keyof typeof attributeNames, string>>;

const latestTable: NameTable = { ...attributeNames, ...latestNames };

/** The names by which attributes are written. */
export function attributeNamesOf(conventions: "default" | "latest"): NameTable {
  return conventions === "latest" ? latestTable : attributeNames;
}
