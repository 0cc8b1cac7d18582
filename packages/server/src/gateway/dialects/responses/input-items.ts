import { type Json, type JsonObject, isJsonObject } from "@llm-platform/kit";
import { z } from "zod";
import { invalidField, parseFields, unsupportedField } from "../parse-fields.ts";
import { toChatName } from "./tool-names.ts";

/** Fields that items carry when a client sends back what it was answered. */
const returned = {
  id: z.string().optional(),
  status: z.string().optional(),
  phase: z.string().optional(),
};

const message = z.strictObject({
  ...returned,
  type: z.literal("message").optional(),
  role: z.enum(["user", "assistant", "system", "developer"]),
  content: z.union([z.string(), z.array(z.record(z.string(), z.unknown()))]),
});

const functionCall = z.strictObject({
  ...returned,
  type: z.literal("function_call"),
  call_id: z.string(),
  name: z.string(),
  arguments: z.string(),
  namespace: z.string().optional(),
});

const functionOutput = z.strictObject({
  ...returned,
  type: z.literal("function_call_output"),
  call_id: z.string(),
  output: z.union([z.string(), z.array(z.record(z.string(), z.unknown()))]),
});

const reasoning = z.strictObject({
  ...returned,
  type: z.literal("reasoning"),
  summary: z.array(z.strictObject({ type: z.string(), text: z.string() })).optional(),
  content: z.array(z.strictObject({ type: z.string(), text: z.string() })).optional(),
  encrypted_content: z.string().optional(),
});

const textPart = z.strictObject({
  type: z.string(),
  text: z.string(),
  annotations: z.array(z.unknown()).optional(),
  logprobs: z.array(z.unknown()).optional(),
});
const imagePart = z.strictObject({
  type: z.string(),
  image_url: z.string("an image is sent as a data: URL, not by the id of a file"),
  detail: z.enum(["low", "high", "auto"]).optional(),
});
const filePart = z.strictObject({
  type: z.string(),
  file_data: z.string("a file is sent as `file_data`, not by an id or a URL"),
  filename: z.string().optional(),
});
const refusalPart = z.strictObject({ type: z.string(), refusal: z.string() });

/** What the messages of a chat are made of, gathered item by item. */
interface Gathered {
  readonly messages: JsonObject[];
  /** The assistant's message that calls of functions and text still belong to. */
  open: { content: Json | undefined; readonly toolCalls: JsonObject[]; reasoning: string } | undefined;
}

/**
 * The messages of a chat that say what the items say. Calls of functions that stand together become one message, with the text
 * before them. Reasoning goes along with what the model did since the user last spoke, and is left out of what came before.
 * @throws PlatformError `unsupported_parameter` or `invalid_request`, naming the field as `input[…]`
 */
export function decodeItems(items: readonly JsonObject[]): readonly JsonObject[] {
  const lastUser = items.findLastIndex((item) => item.role === "user");
  const gathered: Gathered = { messages: [], open: undefined };
  for (const [index, item] of items.entries())
    addItem(item, { path: `input[${index}]`, gathered, keepsReasoning: index > lastUser });
  close(gathered);
  return gathered.messages;
}

interface Place {
  readonly path: string;
  readonly gathered: Gathered;
  readonly keepsReasoning: boolean;
}

function addItem(item: JsonObject, { path, gathered, keepsReasoning }: Place): void {
  switch (item.type ?? "message") {
    case "message":
      addMessage(parseFields(message, item, path), path, gathered);
      return;
    case "function_call": {
      const call = parseFields(functionCall, item, path);
      opened(gathered).toolCalls.push({
        id: call.call_id,
        type: "function",
        function: { name: toChatName(call), arguments: call.arguments },
      });
      return;
    }
    case "function_call_output": {
      const output = parseFields(functionOutput, item, path);
      close(gathered);
      const content = decodeContent(output.output, `${path}.output`);
      gathered.messages.push({ role: "tool", tool_call_id: output.call_id, content });
      return;
    }
    case "reasoning": {
      const { content = [] } = parseFields(reasoning, item, path);
      if (!keepsReasoning) return;
      close(gathered);
      opened(gathered).reasoning += content.map((part) => part.text).join("");
      return;
    }
    default:
      throw unsupportedField(
        `${path}.type`,
        "Only message, function_call, function_call_output, reasoning and item_reference are possible.",
      );
  }
}

function addMessage({ role, content }: z.output<typeof message>, path: string, gathered: Gathered): void {
  const decoded = decodeContent(content, `${path}.content`);
  if (role !== "assistant") {
    close(gathered);
    // Models behind the platform know the older word for it.
    gathered.messages.push({ role: role === "developer" ? "system" : role, content: decoded });
    return;
  }
  const { open } = gathered;
  if (open !== undefined && (open.content !== undefined || open.toolCalls.length > 0)) close(gathered);
  opened(gathered).content = decoded;
}

function opened(gathered: Gathered): NonNullable<Gathered["open"]> {
  gathered.open ??= { content: undefined, toolCalls: [], reasoning: "" };
  return gathered.open;
}

function close(gathered: Gathered): void {
  const { open } = gathered;
  gathered.open = undefined;
  if (open === undefined) return;
  const { content, toolCalls, reasoning: thoughts } = open;
  if (content === undefined && toolCalls.length === 0 && thoughts === "") return;
  gathered.messages.push({
    role: "assistant",
    content: content ?? (toolCalls.length > 0 ? null : ""),
    ...(thoughts === "" ? {} : { reasoning_content: thoughts }),
    ...(toolCalls.length === 0 ? {} : { tool_calls: toolCalls }),
  });
}

/** A text as it is; parts in the form that they have in a chat, or as one text where they are nothing else. */
function decodeContent(content: string | readonly Readonly<Record<string, unknown>>[], path: string): Json {
  if (typeof content === "string") return content;
  const parts = content.map((part, index) => decodePart(part, `${path}[${index}]`));
  const texts = parts.flatMap((part) =>
    part.type === "text" && typeof part.text === "string" ? part.text : [],
  );
  return texts.length === parts.length ? texts.join("") : parts;
}

function decodePart(part: Readonly<Record<string, unknown>>, path: string): JsonObject {
  switch (part["type"]) {
    case "input_text":
    case "output_text":
    case "text":
      return { type: "text", text: parseFields(textPart, part, path).text };
    case "refusal":
      return { type: "text", text: parseFields(refusalPart, part, path).refusal };
    case "input_image": {
      const { image_url: url, detail } = parseFields(imagePart, part, path);
      return { type: "image_url", image_url: { url, ...(detail === undefined ? {} : { detail }) } };
    }
    case "input_file": {
      const file = parseFields(filePart, part, path);
      const named = file.filename === undefined ? {} : { filename: file.filename };
      return { type: "file", file: { file_data: file.file_data, ...named } };
    }
    default:
      throw unsupportedField(
        `${path}.type`,
        "Only input_text, input_image, input_file and output_text are possible.",
      );
  }
}

/** The input as items, a text as what a user says. Throws PlatformError `invalid_request`. */
export function toItems(input: string | readonly JsonObject[]): readonly JsonObject[] {
  if (typeof input !== "string") return input;
  if (input === "") throw invalidField("input", "a text that is not empty");
  return [{ type: "message", role: "user", content: [{ type: "input_text", text: input }] }];
}

/** The id of the item that an item stands for; undefined for one that stands for itself. */
export function referenceOf(item: JsonObject): string | undefined {
  const { type, id } = item;
  const isReference = type === "item_reference" || (type === undefined && item.role === undefined);
  return isReference && isJsonObject(item) && typeof id === "string" ? id : undefined;
}
