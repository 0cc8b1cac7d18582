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
  const { extra, messages = [], tools = [], tool_choice, stop, logit_bias, ...plain } = request;
  return withoutUndefined({
    ...extra,
    ...plain,
    messages: messages.map(toMessage),
    stop: orAbsent(stop),
    logit_bias: logit_bias === undefined || Object.keys(logit_bias).length === 0 ? undefined : logit_bias,
    tools: orAbsent(tools.map(({ function: definition }) => ({ type: "function", function: definition }))),
    tool_choice: toToolChoice(tool_choice),
  });
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
  const { parts = [], tool_calls = [], content, ...plain } = message;
  if (parts.length > 0 && content !== undefined)
    throw new PlatformError(
      "invalid_request",
      "A message has either content or parts. Put the content into a part.",
      { field: `messages[${index}]` },
    );
  return {
    ...plain,
    content: parts.length > 0 ? parts.map((part) => toPart(part, index)) : content,
    tool_calls: orAbsent(
      tool_calls.map(({ id, function: called }) => ({ id, type: "function", function: called })),
    ),
  };
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
