import {
  countAt,
  type FieldRules,
  harmless,
  invalidField,
  isJsonArray,
  isJsonObject,
  type Json,
  type JsonObject,
  mapped,
  only,
  type Operation,
  PlatformError,
  refusedFor,
} from "@llm-platform/kit";
import { requireFields } from "./fields.ts";
import { decodeAnthropicMessages, decodeSystem } from "./decode-messages.ts";
import { decodeToolChoice, decodeTools } from "./decode-tools.ts";

const atAnthropicOnly = refusedFor("Only models of Anthropic itself have it.");

/** What becomes of the fields of `POST /v1/messages` where the model is not Anthropic's. */
const requestFields: FieldRules = {
  model: mapped,
  messages: mapped,
  max_tokens: mapped,
  stream: mapped,
  system: mapped,
  stop_sequences: mapped,
  temperature: mapped,
  top_p: mapped,
  top_k: mapped,
  tools: mapped,
  tool_choice: mapped,
  thinking: mapped,
  output_config: mapped,
  metadata: mapped,
  // Other servers cache prompts by themselves, or not at all: it does not change the reply.
  cache_control: harmless,
  // What it says is which capacity of Anthropic's is used.
  service_tier: only("auto", "standard_only"),
  speed: only("standard"),
  diagnostics: atAnthropicOnly,
  inference_geo: atAnthropicOnly,
  container: atAnthropicOnly,
  // To keep all is to change nothing: Claude Code says it with each request.
  context_management: only({ edits: [] }, { edits: [{ type: "clear_thinking_20251015", keep: "all" }] }),
  mcp_servers: atAnthropicOnly,
};

/**
 * Puts a request of Anthropic's Messages API into OpenAI's shape.
 * @throws PlatformError `unsupported_parameter` or `invalid_request`, with the field in Anthropic's spelling
 */
export function decodeAnthropicRequest(operation: Operation, body: JsonObject): JsonObject {
  if (operation !== "chat") throw new PlatformError("internal", "The Messages API has chats only.");
  requireFields(body, requestFields);
  const maxTokens = countAt(body, "max_tokens");
  if (maxTokens === undefined || maxTokens === 0)
    throw invalidField("max_tokens", "a whole number of at least 1");
  return {
    model: body.model ?? null,
    messages: [...decodeSystem(body.system ?? undefined), ...decodeAnthropicMessages(body.messages)],
    max_tokens: maxTokens,
    ...(body.stream === true ? { stream: true } : {}),
    ...decodeStop(body.stop_sequences ?? undefined),
    ...decodeSampling(body),
    ...decodeTools(body.tools ?? undefined),
    ...decodeToolChoice(body.tool_choice ?? undefined),
    ...decodeOutput(body.output_config ?? undefined, body.thinking ?? undefined),
    ...decodeMetadata(body.metadata ?? undefined),
  };
}

function decodeStop(sequences: Json | undefined): JsonObject {
  if (sequences === undefined) return {};
  if (!isJsonArray(sequences) || !sequences.every((text) => typeof text === "string"))
    throw invalidField("stop_sequences", "a list of texts");
  return sequences.length === 0 ? {} : { stop: sequences };
}

function decodeSampling(body: JsonObject): JsonObject {
  const sampling: Record<string, number> = {};
  for (const name of ["temperature", "top_p", "top_k"]) {
    const value = body[name] ?? undefined;
    if (value === undefined) continue;
    if (typeof value !== "number") throw invalidField(name, "a number");
    sampling[name] = value;
  }
  return sampling;
}

const thinkingFields: FieldRules = {
  type: mapped,
  budget_tokens: mapped,
  // How much of it is shown, of which other servers know one way.
  display: harmless,
};

/** Tokens of thought up to which an effort is low, and up to which it is medium. The codec of Anthropic says them back. */
const lowEffortTokens = 2_048;
const mediumEffortTokens = 8_192;

/** How deep a model is to think, where the request says so; `adaptive` leaves that to the effort, and to the model. */
function decodeThinking(thinking: Json | undefined): "none" | "adaptive" | "low" | "medium" | "high" {
  if (thinking === undefined) return "none";
  if (!isJsonObject(thinking)) throw invalidField("thinking", "an object");
  requireFields(thinking, thinkingFields, "thinking.");
  if (thinking.type === "disabled") return "none";
  if (thinking.type === "adaptive") return "adaptive";
  if (thinking.type !== "enabled") throw invalidField("thinking.type", "`enabled`, `adaptive` or `disabled`");
  const tokens = countAt(thinking, "budget_tokens");
  if (tokens === undefined) throw invalidField("thinking.budget_tokens", "a whole number");
  if (tokens <= lowEffortTokens) return "low";
  return tokens <= mediumEffortTokens ? "medium" : "high";
}

const outputFields: FieldRules = { effort: mapped, format: mapped };
const formatFields: FieldRules = { type: only("json_schema"), schema: mapped, name: harmless };

function decodeOutput(config: Json | undefined, thinking: Json | undefined): JsonObject {
  const depth = decodeThinking(thinking);
  if (config === undefined) return toEffort(depth, undefined);
  if (!isJsonObject(config)) throw invalidField("output_config", "an object");
  requireFields(config, outputFields, "output_config.");
  const effort = config.effort ?? undefined;
  if (effort !== undefined && typeof effort !== "string")
    throw invalidField("output_config.effort", "a text");
  return { ...toEffort(depth, effort), ...decodeFormat(config.format ?? undefined) };
}

/**
 * An effort is about thoughts where there are any: without them it makes an answer shorter or longer, of which other
 * servers know nothing. `high` is what Anthropic's models do unless they are told otherwise, and is no wish of a caller's:
 * it must not turn away a model that cannot think.
 */
function toEffort(depth: ReturnType<typeof decodeThinking>, effort: string | undefined): JsonObject {
  if (depth === "none") return {};
  if (effort !== undefined && effort !== "high") return { reasoning_effort: effort };
  return depth === "adaptive" ? {} : { reasoning_effort: depth };
}

function decodeFormat(format: Json | undefined): JsonObject {
  if (format === undefined) return {};
  if (!isJsonObject(format)) throw invalidField("output_config.format", "an object");
  requireFields(format, formatFields, "output_config.format.");
  if (!isJsonObject(format.schema)) throw invalidField("output_config.format.schema", "a JSON Schema");
  const described = { name: "reply", strict: true, schema: format.schema };
  return { response_format: { type: "json_schema", json_schema: described } };
}

const metadataFields: FieldRules = { user_id: mapped };

function decodeMetadata(metadata: Json | undefined): JsonObject {
  if (metadata === undefined) return {};
  if (!isJsonObject(metadata)) throw invalidField("metadata", "an object");
  requireFields(metadata, metadataFields, "metadata.");
  const user = metadata.user_id ?? undefined;
  if (user === undefined) return {};
  if (typeof user !== "string") throw invalidField("metadata.user_id", "a text");
  return { user };
}
