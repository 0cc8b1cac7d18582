import {
  type FieldRules,
  invalidField,
  isJsonArray,
  isJsonObject,
  type Json,
  type JsonObject,
  mapped,
  only,
} from "@llm-platform/kit";
import { checkFields, unsupported } from "./field-rules.ts";

const toolFields: FieldRules = { type: only("function"), function: mapped };
const functionFields: FieldRules = { name: mapped, description: mapped, parameters: mapped, strict: mapped };

/** The members `tools` and `tool_choice`. Throws PlatformError with `field`. */
export function encodeTools(request: JsonObject): JsonObject {
  const tools = request.tools ?? [];
  if (!isJsonArray(tools)) throw invalidField("tools", "a list");
  if (tools.length === 0) return {};
  return {
    tools: tools.map((tool, index) => encodeTool(tool, `tools[${index}]`)),
    ...encodeChoice(request),
  };
}

function encodeTool(tool: Json, path: string): JsonObject {
  if (!isJsonObject(tool)) throw invalidField(path, "an object");
  checkFields(tool, toolFields, `${path}.`);
  const called = tool.function;
  if (!isJsonObject(called)) throw invalidField(`${path}.function`, "an object");
  checkFields(called, functionFields, `${path}.function.`);
  const { name, description, parameters, strict } = called;
  if (typeof name !== "string") throw invalidField(`${path}.function.name`, "a text");
  return {
    name,
    ...((description ?? undefined) === undefined ? {} : { description: description ?? null }),
    // A function without parameters takes none.
    input_schema: parameters ?? { type: "object", properties: {} },
    ...(strict === true ? { strict } : {}),
  };
}

function encodeChoice(request: JsonObject): JsonObject {
  const isSerial = request.parallel_tool_calls === false;
  const choice = request.tool_choice ?? undefined;
  if (choice === undefined && !isSerial) return {};
  const serial = isSerial && choice !== "none" ? { disable_parallel_tool_use: true } : {};
  return { tool_choice: { ...toChoice(choice ?? "auto"), ...serial } };
}

function toChoice(choice: Json): JsonObject {
  if (choice === "auto" || choice === "none") return { type: choice };
  if (choice === "required") return { type: "any" };
  if (!isJsonObject(choice) || choice.type !== "function" || !isJsonObject(choice.function))
    throw unsupported("tool_choice", 'Only "auto", "none", "required" and one function are possible.');
  const { name } = choice.function;
  if (typeof name !== "string") throw invalidField("tool_choice.function.name", "a text");
  return { type: "tool", name };
}
