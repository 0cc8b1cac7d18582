import type { Json, JsonObject } from "@llm-platform/kit";
import { invalidField } from "../parse-fields.ts";
import type { OllamaMessage } from "./request-schema.ts";

/** A call that a tool has not answered yet. */
interface OpenCall {
  readonly id: string;
  readonly name: string;
}

/**
 * Ollama's messages in OpenAI's form. Ollama tells tools' results apart by the name of the tool, OpenAI by the id of the call: a
 * call that came without one gets its place for an id, and a result answers the first open call of its name.
 * @throws PlatformError `invalid_request`, naming the field
 */
export function decodeMessages(messages: readonly OllamaMessage[]): readonly JsonObject[] {
  const open: OpenCall[] = [];
  return messages.map((message, index) => {
    const path = `messages[${index}]`;
    switch (message.role) {
      case "assistant":
        return decodeAssistant(message, index, open);
      case "tool":
        return {
          role: "tool",
          tool_call_id: answeredCall(message, path, open),
          content: message.content ?? "",
        };
      default:
        return {
          role: message.role,
          content: withImages(message.content ?? "", message.images ?? [], `${path}.images`),
        };
    }
  });
}

function decodeAssistant(message: OllamaMessage, index: number, open: OpenCall[]): JsonObject {
  const calls = (message.tool_calls ?? []).map((call, place) => {
    const id = call.id ?? `call_${index}_${place}`;
    const { name } = call.function;
    open.push({ id, name });
    return { id, type: "function", function: { name, arguments: JSON.stringify(call.function.arguments) } };
  });
  const content = message.content ?? "";
  return {
    role: "assistant",
    content: content === "" && calls.length > 0 ? null : content,
    ...(message.thinking ? { reasoning_content: message.thinking } : {}),
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
  };
}

function answeredCall(message: OllamaMessage, path: string, open: OpenCall[]): string {
  const name = message.tool_name ?? message.name;
  const id = message.tool_call_id;
  const at = open.findIndex((call) => {
    if (id !== undefined && id !== null) return call.id === id;
    return name === undefined || name === null || call.name === name;
  });
  const [call] = at < 0 ? [] : open.splice(at, 1);
  if (call === undefined)
    throw invalidField(`${path}.tool_name`, "the name of a tool that was called before");
  return call.id;
}

/** Starts of the base64 text of images, by which their kinds are known. */
const imageKinds: readonly (readonly [start: string, type: string])[] = [
  ["iVBORw0KGgo", "image/png"],
  ["/9j/", "image/jpeg"],
  ["R0lGOD", "image/gif"],
  ["UklGR", "image/webp"],
];

/** A text, or parts where there are images beside it. Throws PlatformError `invalid_request`. */
export function withImages(content: string, images: readonly string[], path: string): Json {
  if (images.length === 0) return content;
  const parts = images.map((image, index) => {
    const type = imageKinds.find(([start]) => image.startsWith(start))?.[1];
    if (type === undefined || !/^[A-Za-z0-9+/]+={0,2}$/.test(image))
      throw invalidField(`${path}[${index}]`, "an image of the kinds PNG, JPEG, GIF or WebP in base64");
    return { type: "image_url", image_url: { url: `data:${type};base64,${image}` } };
  });
  return [...(content === "" ? [] : [{ type: "text", text: content }]), ...parts];
}
