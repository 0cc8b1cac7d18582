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
import { decodeBlocks, type UserPart } from "./decode-content.ts";
import { requireFields, unsupported } from "./fields.ts";

const messageFields: FieldRules = { role: mapped, content: mapped };

/** What the system says, at the start or later, as a message of OpenAI's; none where it says nothing. */
export function decodeSystem(system: Json | undefined, path = "system"): readonly JsonObject[] {
  if (system === undefined) return [];
  if (typeof system === "string") return system === "" ? [] : [{ role: "system", content: system }];
  const parts = decodeBlocks(system, path);
  if (parts.some(({ type }) => type !== "text")) throw unsupported(path, "Only text is possible there.");
  return parts.length === 0 ? [] : [{ role: "system", content: toContent(parts) }];
}

/**
 * Anthropic's messages as OpenAI's. Results of tools stand in messages of the user there, and are messages of their own
 * here; images in them come behind all results of the message, since a tool's result holds text only.
 */
export function decodeAnthropicMessages(messages: Json | undefined): readonly JsonObject[] {
  if (!isJsonArray(messages) || messages.length === 0)
    throw invalidField("messages", "a list of at least one message");
  return messages.flatMap((message, index) => decodeMessage(message, `messages[${index}]`));
}

function decodeMessage(message: Json, path: string): readonly JsonObject[] {
  if (!isJsonObject(message)) throw invalidField(path, "an object");
  requireFields(message, messageFields, `${path}.`);
  const { role, content } = message;
  if (role === "system") return decodeSystem(content ?? "", `${path}.content`);
  if (role !== "user" && role !== "assistant")
    throw invalidField(`${path}.role`, "`user`, `assistant` or `system`");
  if (typeof content === "string") return [{ role, content }];
  if (!isJsonArray(content)) throw invalidField(`${path}.content`, "a text or a list of blocks");
  return role === "user"
    ? decodeUser(content, `${path}.content`)
    : [decodeAssistant(content, `${path}.content`)];
}

function decodeUser(blocks: readonly Json[], path: string): readonly JsonObject[] {
  const messages: JsonObject[] = [];
  let parts: UserPart[] = [];
  const images: UserPart[] = [];
  for (const [index, block] of blocks.entries()) {
    const blockPath = `${path}[${index}]`;
    if (!isJsonObject(block) || block.type !== "tool_result") {
      parts.push(...decodeBlocks([block], path, index));
      continue;
    }
    if (parts.length > 0) messages.push({ role: "user", content: toContent(parts) });
    parts = [];
    const result = decodeToolResult(block, blockPath);
    messages.push(result.message);
    images.push(...result.images);
  }
  const rest = [...images, ...parts];
  return rest.length === 0 ? messages : [...messages, { role: "user", content: toContent(rest) }];
}

const resultFields: FieldRules = {
  type: mapped,
  tool_use_id: mapped,
  content: mapped,
  is_error: mapped,
  cache_control: harmless,
};

/** OpenAI has no mark for a result that is an error: its text says it. */
const errorMark = "Error: ";

function decodeToolResult(
  block: JsonObject,
  path: string,
): { readonly message: JsonObject; readonly images: readonly UserPart[] } {
  requireFields(block, resultFields, `${path}.`);
  const { tool_use_id: id, content } = block;
  if (typeof id !== "string") throw invalidField(`${path}.tool_use_id`, "a text");
  const parts = decodeToolContent(content ?? "", `${path}.content`);
  const texts = parts.flatMap((part) => (part.type === "text" ? [part.text] : []));
  const text = `${block.is_error === true ? errorMark : ""}${texts.join("\n")}`;
  return {
    message: { role: "tool", tool_call_id: id, content: text },
    images: parts.filter(({ type }) => type !== "text"),
  };
}

function decodeToolContent(content: Json, path: string): readonly UserPart[] {
  return typeof content === "string" ? [{ type: "text", text: content }] : decodeBlocks(content, path);
}

const assistantTextFields: FieldRules = {
  type: mapped,
  text: mapped,
  cache_control: harmless,
  citations: harmless,
};
const toolUseFields: FieldRules = {
  type: mapped,
  id: mapped,
  name: mapped,
  input: mapped,
  cache_control: harmless,
  caller: only({ type: "direct" }),
};

/**
 * A message of the assistant. What it thought goes on as text: the signature on it, and what was redacted, mean
 * something to Anthropic alone.
 */
function decodeAssistant(blocks: readonly Json[], path: string): JsonObject {
  const texts: string[] = [];
  const thoughts: string[] = [];
  const calls: JsonObject[] = [];
  for (const [index, block] of blocks.entries()) {
    const blockPath = `${path}[${index}]`;
    if (!isJsonObject(block)) throw invalidField(blockPath, "an object");
    if (block.type === "text") {
      requireFields(block, assistantTextFields, `${blockPath}.`);
      texts.push(textOf(block, "text", blockPath));
    } else if (block.type === "thinking") thoughts.push(textOf(block, "thinking", blockPath));
    else if (block.type === "tool_use") calls.push(decodeToolUse(block, blockPath));
    else if (block.type !== "redacted_thinking")
      throw unsupported(`${blockPath}.type`, "Only text, thinking and tool_use are possible there.");
  }
  return {
    role: "assistant",
    content: texts.length === 0 && calls.length > 0 ? null : texts.join(""),
    ...(thoughts.length === 0 ? {} : { reasoning_content: thoughts.join("") }),
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
  };
}

function decodeToolUse(block: JsonObject, path: string): JsonObject {
  requireFields(block, toolUseFields, `${path}.`);
  const id = textOf(block, "id", path);
  const name = textOf(block, "name", path);
  const input = block.input ?? {};
  if (!isJsonObject(input)) throw invalidField(`${path}.input`, "an object");
  return { id, type: "function", function: { name, arguments: JSON.stringify(input) } };
}

function textOf(block: JsonObject, key: string, path: string): string {
  const text = block[key];
  if (typeof text !== "string") throw invalidField(`${path}.${key}`, "a text");
  return text;
}

/** Where all is text it is one text, a block a line: not every server reads a list. */
function toContent(parts: readonly UserPart[]): Json {
  const texts = parts.flatMap((part) => (part.type === "text" ? [part.text] : []));
  return texts.length === parts.length ? texts.join("\n") : parts;
}
