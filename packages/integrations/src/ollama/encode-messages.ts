import {
  type FieldRules,
  harmless,
  invalidField,
  isJsonArray,
  isJsonObject,
  type Json,
  type JsonObject,
  mapped,
  nestsDeeperThan,
  only,
  refusedFor,
} from "@llm-platform/kit";
import { encodeContent } from "./encode-content.ts";
import { checkFields, unsupported } from "./field-rules.ts";

/** Arguments of a tool call that nest deeper are refused. The platform's bound for any JSON. */
export const maxArgumentsDepth = 64;

const nothing = only();
const name = refusedFor("Say in the text who speaks.");

const fieldsByRole: Readonly<Record<string, FieldRules>> = {
  system: { role: mapped, content: mapped, name },
  developer: { role: mapped, content: mapped, name },
  user: { role: mapped, content: mapped, name },
  assistant: {
    role: mapped,
    content: mapped,
    tool_calls: mapped,
    reasoning: mapped,
    reasoning_content: mapped,
    name,
    refusal: nothing,
    audio: nothing,
    function_call: nothing,
    // Stands in replies, which clients send back whole.
    annotations: harmless,
  },
  tool: { role: mapped, content: mapped, tool_call_id: mapped, name: mapped },
};

const toolCallFields: FieldRules = {
  id: mapped,
  type: only("function"),
  function: mapped,
  index: harmless,
};

/** Names of the tools that were called, by the id of the call. */
type CalledTools = Map<string, string>;

/** Writes OpenAI's messages in Ollama's form. Throws PlatformError with `field`. */
export function encodeMessages(messages: Json | undefined): readonly JsonObject[] {
  // Ollama takes an empty list as a request to load the model, and answers nothing.
  if (!isJsonArray(messages) || messages.length === 0)
    throw invalidField("messages", "a list of at least one message");
  const calledTools: CalledTools = new Map();
  return messages.map((message, index) => encodeMessage(message, `messages[${index}]`, calledTools));
}

function encodeMessage(message: Json, path: string, calledTools: CalledTools): JsonObject {
  if (!isJsonObject(message)) throw invalidField(path, "an object");
  const { role } = message;
  const fields =
    typeof role === "string" && Object.hasOwn(fieldsByRole, role) ? fieldsByRole[role] : undefined;
  if (fields === undefined || typeof role !== "string") {
    throw unsupported(`${path}.role`, `Only ${Object.keys(fieldsByRole).join(", ")} are possible.`);
  }
  checkFields(message, fields, `${path}.`);
  if (role === "assistant") return encodeAssistant(message, path, calledTools);
  if (role === "tool") return encodeToolResult(message, path, calledTools);
  return {
    role: role === "developer" ? "system" : role,
    ...encodeContent(message.content, `${path}.content`),
  };
}

function encodeAssistant(message: JsonObject, path: string, calledTools: CalledTools): JsonObject {
  const { content, images } = encodeContent(message.content ?? "", `${path}.content`);
  if (images !== undefined) throw unsupported(`${path}.content`, "An assistant's message holds text only.");
  const toolCalls = encodeToolCalls(message.tool_calls ?? [], `${path}.tool_calls`, calledTools);
  const thinking = message.reasoning_content ?? message.reasoning ?? undefined;
  if (thinking !== undefined && typeof thinking !== "string")
    throw invalidField(`${path}.reasoning_content`, "a text");
  return {
    role: "assistant",
    content,
    ...(thinking === undefined ? {} : { thinking }),
    ...(toolCalls.length === 0 ? {} : { tool_calls: toolCalls }),
  };
}

function encodeToolCalls(calls: Json, path: string, calledTools: CalledTools): readonly JsonObject[] {
  if (!isJsonArray(calls)) throw invalidField(path, "a list");
  return calls.map((call, index) => {
    const callPath = `${path}[${index}]`;
    if (!isJsonObject(call)) throw invalidField(callPath, "an object");
    checkFields(call, toolCallFields, `${callPath}.`);
    const { id, function: called } = call;
    if (!isJsonObject(called) || typeof called.name !== "string")
      throw invalidField(`${callPath}.function.name`, "a text");
    if (typeof id === "string") calledTools.set(id, called.name);
    const parsed = parseArguments(called.arguments, `${callPath}.function.arguments`);
    return {
      // Ollama before 0.12.10 knows no ids and reads past them.
      ...(typeof id === "string" ? { id } : {}),
      function: { name: called.name, arguments: parsed },
    };
  });
}

function parseArguments(text: Json | undefined, field: string): JsonObject {
  if (typeof text !== "string") throw invalidField(field, "a JSON object, written as a text");
  if (text.trim() === "") return {};
  const value = parseJson(text);
  if (!isJsonObject(value)) throw invalidField(field, "a JSON object, written as a text");
  if (nestsDeeperThan(value, maxArgumentsDepth))
    throw invalidField(field, `nested at most ${maxArgumentsDepth} deep`);
  return value;
}

function encodeToolResult(message: JsonObject, path: string, calledTools: CalledTools): JsonObject {
  const { content, images } = encodeContent(message.content, `${path}.content`);
  if (images !== undefined) throw unsupported(`${path}.content`, "A tool's result holds text only.");
  const id = message.tool_call_id;
  const toolName =
    typeof message.name === "string" ? message.name : calledTools.get(typeof id === "string" ? id : "");
  // Ollama tells results apart by the tool's name; without one it could only guess.
  if (toolName === undefined)
    throw invalidField(`${path}.tool_call_id`, "the id of a tool call in an earlier message");
  return {
    role: "tool",
    content,
    tool_name: toolName,
    ...(typeof id === "string" ? { tool_call_id: id } : {}),
  };
}

function parseJson(text: string): Json | undefined {
  try {
    return JSON.parse(text);
  } catch {
    // The caller names the field whose text is not JSON.
    return undefined;
  }
}
