import {
  type FieldRules,
  harmless,
  invalidField,
  isJsonArray,
  isJsonObject,
  type Json,
  type JsonObject,
  mapped,
  only,
} from "@llm-platform/kit";
import { requireFields, unsupported } from "./fields.ts";

const toolFields: FieldRules = {
  type: mapped,
  name: mapped,
  description: mapped,
  input_schema: mapped,
  strict: mapped,
  cache_control: harmless,
  // How soon parts of the input are sent.
  eager_input_streaming: harmless,
  input_examples: only([]),
  defer_loading: only(false),
  allowed_callers: only(["direct"]),
};

/** The client's own tools as OpenAI's functions. Tools that run at Anthropic cannot be had elsewhere. */
export function decodeTools(tools: Json | undefined): JsonObject {
  if (tools === undefined) return {};
  if (!isJsonArray(tools)) throw invalidField("tools", "a list");
  return tools.length === 0 ? {} : { tools: tools.map((tool, index) => decodeTool(tool, `tools[${index}]`)) };
}

function decodeTool(tool: Json, path: string): JsonObject {
  if (!isJsonObject(tool)) throw invalidField(path, "an object");
  if ((tool.type ?? "custom") !== "custom")
    throw unsupported(`${path}.type`, "Only tools of your own (`custom`) are possible.");
  requireFields(tool, toolFields, `${path}.`);
  const { name, description, input_schema: schema, strict } = tool;
  if (typeof name !== "string" || name === "") throw invalidField(`${path}.name`, "a text");
  if (!isJsonObject(schema)) throw invalidField(`${path}.input_schema`, "a JSON Schema");
  if ((description ?? undefined) !== undefined && typeof description !== "string")
    throw invalidField(`${path}.description`, "a text");
  return {
    type: "function",
    function: {
      name,
      ...(typeof description === "string" ? { description } : {}),
      parameters: schema,
      ...(strict === true ? { strict } : {}),
    },
  };
}

const choiceFields: FieldRules = { type: mapped, name: mapped, disable_parallel_tool_use: mapped };

export function decodeToolChoice(choice: Json | undefined): JsonObject {
  if (choice === undefined) return {};
  if (!isJsonObject(choice)) throw invalidField("tool_choice", "an object");
  requireFields(choice, choiceFields, "tool_choice.");
  const parallel = choice.disable_parallel_tool_use === true ? { parallel_tool_calls: false } : {};
  return { tool_choice: toChoice(choice), ...parallel };
}

function toChoice({ type, name }: JsonObject): Json {
  switch (type) {
    case "auto":
    case "none":
      return type;
    case "any":
      return "required";
    case "tool":
      if (typeof name !== "string") throw invalidField("tool_choice.name", "a text");
      return { type: "function", function: { name } };
    default:
      throw invalidField("tool_choice.type", "`auto`, `any`, `tool` or `none`");
  }
}
