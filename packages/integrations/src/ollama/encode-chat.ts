import {
  countAt,
  type EncodeInput,
  type FieldRules,
  invalidField,
  isJsonArray,
  isJsonObject,
  type Json,
  type JsonObject,
  mapped,
  only,
} from "@llm-platform/kit";
import { encodeMessages } from "./encode-messages.ts";
import { encodeDefaults, type RequestDefaults } from "./encode-options.ts";
import { chatFields, checkFields, unsupported } from "./field-rules.ts";
import { isAtLeast, logprobsVersion } from "./server-version.ts";

/** What encoding depends on beside the request. */
export interface EncodeSettings extends RequestDefaults {
  /** Version that the server told last; undefined when it is not known. */
  readonly serverVersion: string | undefined;
}

const toolFields: FieldRules = {
  type: only("function"),
  function: mapped,
};

/** Efforts that Ollama takes as levels of thinking, in the same words. */
const thinkLevels = ["low", "medium", "high", "max"];
const maxTopLogprobs = 20;

/** Writes a chat for `POST /api/chat`. Throws PlatformError with `field`. */
export function encodeChat({ request, model, stream }: EncodeInput, settings: EncodeSettings): JsonObject {
  checkFields(request, chatFields);
  return {
    model,
    messages: encodeMessages(request.messages),
    stream,
    ...encodeTools(request),
    ...encodeFormat(request.response_format ?? undefined),
    ...encodeThink(request.reasoning_effort ?? undefined),
    ...encodeLogprobs(request, settings.serverVersion),
    ...encodeDefaults(request, settings),
  };
}

/** Tools go on as they are: Ollama takes OpenAI's form, and reads what it can of each schema. */
function encodeTools(request: JsonObject): JsonObject {
  const tools = request.tools ?? [];
  if (!isJsonArray(tools)) throw invalidField("tools", "a list");
  for (const [index, tool] of tools.entries()) {
    if (!isJsonObject(tool)) throw invalidField(`tools[${index}]`, "an object");
    checkFields(tool, toolFields, `tools[${index}].`);
    if (!isJsonObject(tool.function)) throw invalidField(`tools[${index}].function`, "an object");
  }
  const choice = request.tool_choice ?? "auto";
  if (choice === "none") return {};
  if (choice !== "auto") {
    throw unsupported(
      "tool_choice",
      'Ollama leaves the choice to the model, so only "auto" and "none" are possible.',
    );
  }
  return tools.length === 0 ? {} : { tools };
}

function encodeFormat(format: Json | undefined): JsonObject {
  if (format === undefined) return {};
  if (!isJsonObject(format)) throw invalidField("response_format", "an object");
  if (format.type === "text") return {};
  if (format.type === "json_object") return { format: "json" };
  if (format.type !== "json_schema") {
    throw unsupported("response_format.type", 'Only "text", "json_object" and "json_schema" are possible.');
  }
  const described = format.json_schema;
  if (!isJsonObject(described) || !isJsonObject(described.schema)) {
    throw invalidField("response_format.json_schema.schema", "a JSON Schema");
  }
  // `strict` needs no word of its own: Ollama always holds the model to the schema.
  return { format: described.schema };
}

function encodeThink(effort: Json | undefined): JsonObject {
  if (effort === undefined) return {};
  if (effort === "none") return { think: false };
  if (typeof effort === "string" && thinkLevels.includes(effort)) return { think: effort };
  throw unsupported("reasoning_effort", `Only none, ${thinkLevels.join(", ")} are possible.`);
}

/** A server that does not know the fields reads past them, so they are refused unless it is known to be new enough. */
function encodeLogprobs(request: JsonObject, serverVersion: string | undefined): JsonObject {
  const isWanted = request.logprobs ?? false;
  if (typeof isWanted !== "boolean") throw invalidField("logprobs", "true or false");
  if (!isWanted) {
    if ((request.top_logprobs ?? 0) !== 0)
      throw invalidField("top_logprobs", "left out unless `logprobs` is true");
    return {};
  }
  if (!isAtLeast(serverVersion, logprobsVersion)) {
    throw unsupported("logprobs", `The server must be Ollama ${logprobsVersion} or newer.`);
  }
  if ((request.top_logprobs ?? undefined) === undefined) return { logprobs: true };
  const count = countAt(request, "top_logprobs");
  if (count === undefined || count > maxTopLogprobs) {
    throw invalidField("top_logprobs", `a whole number from 0 to ${maxTopLogprobs}`);
  }
  return { logprobs: true, top_logprobs: count };
}
