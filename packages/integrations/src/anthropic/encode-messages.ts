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
import { encodeParts, textOf } from "./encode-content.ts";
import { checkFields, unsupported } from "./field-rules.ts";

/** Arguments of a tool call that nest deeper are refused. The platform's bound for any JSON. */
const maxArgumentsDepth = 64;

const name = refusedFor("Say in the text who speaks.");
const plainFields: FieldRules = { role: mapped, content: mapped, name };
const fieldsByRole: Readonly<Record<string, FieldRules>> = {
  system: plainFields,
  developer: plainFields,
  user: plainFields,
  assistant: {
    role: mapped,
    content: mapped,
    tool_calls: mapped,
    refusal: mapped,
    // Anthropic takes back only thoughts that it has signed, and OpenAI's shape has no place for the signature.
    reasoning: harmless,
    reasoning_content: harmless,
    name,
    audio: only(),
    function_call: only(),
    annotations: harmless,
  },
  tool: { role: mapped, content: mapped, tool_call_id: mapped, name: harmless },
};

export interface EncodedMessages {
  /** Undefined where there is none. */
  readonly system: string | undefined;
  readonly messages: readonly JsonObject[];
}

interface Turn {
  readonly role: "user" | "assistant";
  readonly content: JsonObject[];
}

/**
 * OpenAI's messages as Anthropic's: what the system says stands apart, results of tools are the user's, and messages of one
 * side that follow each other are one turn. Throws PlatformError with `field`.
 */
export function encodeMessages(messages: Json | undefined): EncodedMessages {
  if (!isJsonArray(messages) || messages.length === 0)
    throw invalidField("messages", "a list of at least one message");
  const system: string[] = [];
  const turns: Turn[] = [];
  for (const [index, message] of messages.entries()) {
    const path = `messages[${index}]`;
    if (!isJsonObject(message)) throw invalidField(path, "an object");
    const { role } = message;
    const fields =
      typeof role === "string" && Object.hasOwn(fieldsByRole, role) ? fieldsByRole[role] : undefined;
    if (fields === undefined)
      throw unsupported(`${path}.role`, `Only ${Object.keys(fieldsByRole).join(", ")} are possible.`);
    checkFields(message, fields, `${path}.`);
    if (role === "system" || role === "developer") system.push(textOf(message.content, `${path}.content`));
    else if (role === "assistant") addTo(turns, "assistant", encodeAssistant(message, path));
    else if (role === "tool") addTo(turns, "user", [encodeToolResult(message, path)]);
    else addTo(turns, "user", encodeParts(message.content, `${path}.content`));
  }
  const text = system.filter((each) => each !== "").join("\n");
  return { system: text === "" ? undefined : text, messages: turns.map(toMessage) };
}

function addTo(turns: Turn[], role: Turn["role"], blocks: readonly JsonObject[]): void {
  const last = turns.at(-1);
  if (last?.role === role) last.content.push(...blocks);
  else turns.push({ role, content: [...blocks] });
}

/** One text stands as it is. */
function toMessage({ role, content }: Turn): JsonObject {
  const [first, ...others] = content;
  const isText = first?.type === "text" && others.length === 0 && typeof first.text === "string";
  return { role, content: isText ? (first.text ?? null) : content };
}

function encodeAssistant(message: JsonObject, path: string): readonly JsonObject[] {
  const calls = message.tool_calls ?? [];
  if (!isJsonArray(calls)) throw invalidField(`${path}.tool_calls`, "a list");
  const texts = [
    textOf(message.content ?? "", `${path}.content`),
    textOf(message.refusal ?? "", `${path}.refusal`),
  ];
  return [
    ...texts.filter((text) => text !== "").map((text) => ({ type: "text", text })),
    ...calls.map((call, index) => encodeToolCall(call, `${path}.tool_calls[${index}]`)),
  ];
}

const callFields: FieldRules = { id: mapped, type: only("function"), function: mapped, index: harmless };

function encodeToolCall(call: Json, path: string): JsonObject {
  if (!isJsonObject(call)) throw invalidField(path, "an object");
  checkFields(call, callFields, `${path}.`);
  const called = call.function;
  if (!isJsonObject(called) || typeof called.name !== "string")
    throw invalidField(`${path}.function.name`, "a text");
  if (typeof call.id !== "string") throw invalidField(`${path}.id`, "a text");
  const input = parseArguments(called.arguments, `${path}.function.arguments`);
  return { type: "tool_use", id: toToolId(call.id), name: called.name, input };
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

function parseJson(text: string): Json | undefined {
  try {
    return JSON.parse(text);
  } catch {
    // The caller names the field whose text is not JSON.
    return undefined;
  }
}

function encodeToolResult(message: JsonObject, path: string): JsonObject {
  const id = message.tool_call_id;
  if (typeof id !== "string") throw invalidField(`${path}.tool_call_id`, "the id of a tool call");
  const content =
    typeof message.content === "string" ? message.content : encodeParts(message.content, `${path}.content`);
  return { type: "tool_result", tool_use_id: toToolId(id), content };
}

/** Anthropic takes letters, digits, dashes and underscores; other servers make ids with more. */
function toToolId(id: string): string {
  return id.replaceAll(/[^A-Za-z0-9_-]/g, "_");
}
