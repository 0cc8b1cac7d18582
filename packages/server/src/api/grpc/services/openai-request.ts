import { type JsonObject, PlatformError } from "@llm-platform/kit";
import type {
  Audio,
  ChatMessage,
  ChatRequest,
  CompletionRequest,
  ContentPart,
  EmbedRequest,
  Image,
  ToolChoice,
} from "../generated/platform.ts";

const defaultImageType = "image/png";

/** A chat in OpenAI's shape. Throws PlatformError `invalid_request`. */
export function toChatRequest(request: ChatRequest): JsonObject {
  const { extra, messages = [], tools = [], tool_choice } = request;
  const chat = withMembers(request);
  if (extra !== undefined) addExtra(chat, request);
  chat["messages"] = messages.map(toMessage);
  if (tools.length > 0)
    chat["tools"] = tools.map(({ function: definition }) => ({ type: "function", function: definition }));
  if (tool_choice !== undefined) chat["tool_choice"] = toToolChoice(tool_choice);
  return withoutUndefined(chat);
}

/** A completion in OpenAI's shape. */
export function toCompletionRequest({ extra, prompt = [], stop, ...plain }: CompletionRequest): JsonObject {
  const [first] = prompt;
  return withoutUndefined({
    ...extra,
    ...plain,
    prompt: prompt.length === 1 ? first : prompt,
    stop: orAbsent(stop),
  });
}

/** Texts to embed in OpenAI's shape. */
export function toEmbedRequest({ extra, ...plain }: EmbedRequest): JsonObject {
  // Vectors are numbers here, whatever a client asks for.
  return withoutUndefined({ ...extra, ...plain, encoding_format: undefined });
}

function toMessage(message: ChatMessage, index: number): object {
  const { parts = [], tool_calls = [], content } = message;
  if (parts.length > 0 && content !== undefined)
    throw new PlatformError(
      "invalid_request",
      "A message has either content or parts. Put the content into a part.",
      { field: `messages[${index}]` },
    );
  const told = withMembers(message);
  if (parts.length > 0) {
    delete told["parts"];
    told["content"] = parts.map((part) => toPart(part, index));
  }
  if (tool_calls.length > 0)
    told["tool_calls"] = tool_calls.map(({ id, function: called }) => ({
      id,
      type: "function",
      function: called,
    }));
  return told;
}

/**
 * Sets the members of a message that have a value: lists and maps that nobody has set are empty, and mean the same as none.
 * An object of twenty members without a value takes twice as long to be written as JSON.
 */
function withMembers<Message extends object>(message: Message): Record<string, unknown> {
  const told: Record<string, unknown> = {};
  for (const name in message) {
    const value: unknown = message[name];
    if (hasValue(value)) told[name] = value;
  }
  return told;
}

/** What has a place in the message of its own is not taken from what has none. */
function addExtra(chat: Record<string, unknown>, request: ChatRequest): void {
  delete chat["extra"];
  for (const [name, value] of Object.entries(request.extra ?? {})) if (!(name in request)) chat[name] = value;
}

function hasValue(value: unknown): boolean {
  if (typeof value !== "object") return value !== undefined;
  // oxlint-disable-next-line guard-for-in -- the first member of a map is enough to know
  for (const _member in value) return true;
  return false;
}

function toPart({ text, image, audio }: ContentPart, index: number): object {
  if (text !== undefined) return { type: "text", text };
  if (image !== undefined) return { type: "image_url", image_url: toImage(image, index) };
  if (audio !== undefined) return { type: "input_audio", input_audio: toAudio(audio) };
  throw new PlatformError("invalid_request", "A part is a text, an image or an audio.", {
    field: `messages[${index}].parts`,
  });
}

function toImage({ url, data, media_type, detail }: Image, index: number): object {
  if ((url === undefined) === (data === undefined))
    throw new PlatformError("invalid_request", "An image has either a url or data.", {
      field: `messages[${index}].parts`,
    });
  const address =
    data === undefined ? url : `data:${media_type ?? defaultImageType};base64,${data.toString("base64")}`;
  return { url: address, detail };
}

function toAudio({ data, format }: Audio): object {
  return { data: data?.toString("base64") ?? "", format };
}

function toToolChoice(choice: ToolChoice | undefined): unknown {
  if (choice?.function === undefined) return choice?.mode;
  return { type: "function", function: { name: choice.function } };
}

/** A list that nobody has set is empty, and means the same as none. */
function orAbsent<Item>(list: Item[] | undefined): Item[] | undefined {
  return list === undefined || list.length === 0 ? undefined : list;
}

/** Members without a value are not written as JSON. */
function withoutUndefined(request: object): JsonObject {
  // It is made of the members of messages, which are JSON or undefined.
  return request as JsonObject;
}
