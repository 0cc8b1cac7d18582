import {
  countAt,
  type EncodeInput,
  invalidField,
  isJsonArray,
  isJsonObject,
  type Json,
  type JsonObject,
} from "@llm-platform/kit";
import { encodeMessages } from "./encode-messages.ts";
import { encodeReasoning, type ThinkingForm } from "./encode-reasoning.ts";
import { encodeTools } from "./encode-tools.ts";
import { chatFields, checkFields, unsupported } from "./field-rules.ts";

/** What encoding depends on beside the request. */
export interface EncodeSettings {
  /** Tokens of a reply at most where the caller says nothing: Anthropic wants to be told. */
  readonly defaultMaxTokens: number;
  thinkingFormOf(model: string): ThinkingForm;
}

/** Writes a chat for `POST /v1/messages`. Throws PlatformError with `field`. */
export function encodeChat(
  { request, model, stream }: EncodeInput,
  { defaultMaxTokens, thinkingFormOf }: EncodeSettings,
): JsonObject {
  checkFields(request, chatFields);
  const { system, messages } = encodeMessages(request.messages);
  const maxTokens = readMaxTokens(request) ?? defaultMaxTokens;
  const { thinking, effort } = encodeReasoning(request, maxTokens, thinkingFormOf(model));
  const format = encodeFormat(request.response_format ?? undefined);
  const output = {
    ...(effort === undefined ? {} : { effort }),
    ...(format === undefined ? {} : { format }),
  };
  return {
    model,
    max_tokens: maxTokens,
    ...(system === undefined ? {} : { system }),
    messages,
    ...(stream ? { stream } : {}),
    ...encodeSampling(request),
    ...encodeStop(request.stop ?? undefined),
    ...encodeTools(request),
    ...(thinking === undefined ? {} : { thinking }),
    ...(Object.keys(output).length === 0 ? {} : { output_config: output }),
    ...encodeUser(request),
  };
}

/** Both spellings bound the same thing; where both stand, the smaller satisfies both. */
function readMaxTokens(request: JsonObject): number | undefined {
  const limits = ["max_tokens", "max_completion_tokens"].flatMap((name) => {
    if ((request[name] ?? undefined) === undefined) return [];
    const limit = countAt(request, name);
    if (limit === undefined || limit === 0) throw invalidField(name, "a whole number of at least 1");
    return [limit];
  });
  return limits.length === 0 ? undefined : Math.min(...limits);
}

function encodeSampling(request: JsonObject): JsonObject {
  const sampling: Record<string, number> = {};
  for (const name of ["temperature", "top_p", "top_k"]) {
    const value = request[name] ?? undefined;
    if (value === undefined) continue;
    if (typeof value !== "number") throw invalidField(name, "a number");
    if (name === "temperature" && value > 1) throw unsupported(name, "At most 1 is possible.");
    sampling[name] = value;
  }
  return sampling;
}

function encodeStop(stop: Json | undefined): JsonObject {
  if (stop === undefined) return {};
  const list = isJsonArray(stop) ? stop : [stop];
  if (!list.every((text) => typeof text === "string"))
    throw invalidField("stop", "a text or a list of texts");
  return list.length === 0 ? {} : { stop_sequences: list };
}

function encodeFormat(format: Json | undefined): JsonObject | undefined {
  if (format === undefined) return undefined;
  if (!isJsonObject(format)) throw invalidField("response_format", "an object");
  if (format.type === "text") return undefined;
  if (format.type !== "json_schema")
    throw unsupported("response_format.type", 'Only "text" and "json_schema" are possible.');
  const described = format.json_schema;
  if (!isJsonObject(described) || !isJsonObject(described.schema))
    throw invalidField("response_format.json_schema.schema", "a JSON Schema");
  return { type: "json_schema", schema: described.schema };
}

function encodeUser({ user, safety_identifier: identifier }: JsonObject): JsonObject {
  const id = identifier ?? user ?? undefined;
  if (id === undefined) return {};
  if (typeof id !== "string") throw invalidField("user", "a text");
  return { metadata: { user_id: id } };
}
