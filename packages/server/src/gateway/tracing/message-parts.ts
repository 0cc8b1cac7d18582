import {
  arrayAt,
  isJsonArray,
  isJsonObject,
  type Json,
  type JsonObject,
  objectAt,
  textAt,
} from "@llm-platform/kit";
import { parseArguments } from "./parse-arguments.ts";

/**
 * The content of a message in any client's dialect (a text, or a list of parts) as parts of the GenAI conventions. Of
 * media that are part of the request it is told what they are, and how large. What is not known is named by its type.
 */
export function toParts(content: Json | undefined): readonly JsonObject[] {
  if (typeof content === "string") return content === "" ? [] : [{ type: "text", content }];
  if (isJsonArray(content))
    return content.flatMap((each) => (isJsonObject(each) ? toPart(each) : toParts(each)));
  return isJsonObject(content) ? [toPart(content)] : [];
}

/** The calls of tools in a message of OpenAI's or Ollama's dialect. */
export function toToolCalls(message: JsonObject): readonly JsonObject[] {
  const calls = arrayAt(message, "tool_calls").filter(isJsonObject);
  const old = message["function_call"];
  return [
    ...calls.map((call) => {
      const called = isJsonObject(call["custom"]) ? call["custom"] : objectAt(call, "function");
      return toToolCall(call["id"], called["name"], called["arguments"] ?? called["input"]);
    }),
    ...(isJsonObject(old) ? [toToolCall(undefined, old["name"], old["arguments"])] : []),
  ];
}

/** What a tool answered. */
export function toToolResponse(id: Json | undefined, content: Json | undefined): JsonObject {
  const parts = typeof content === "string" ? content : toParts(content);
  const texts = typeof parts === "string" ? [] : parts.map((part) => part["content"]);
  const isText = texts.every((text) => typeof text === "string");
  const response = typeof parts === "string" ? parts : isText ? texts.join("\n") : parts;
  return { type: "tool_call_response", ...idOf(id), response };
}

/** Images of Ollama's dialect, which are base64 and nothing else. */
export function toImages(images: Json | undefined): readonly JsonObject[] {
  const list = isJsonArray(images) ? images : [];
  return list.flatMap((data) => (typeof data === "string" ? [toBlob("image", undefined, data)] : []));
}

function toPart(part: JsonObject): JsonObject {
  const type = textAt(part, "type") ?? "text";
  switch (type) {
    case "text":
    case "input_text":
    case "output_text":
      return { type: "text", content: textAt(part, "text") ?? "" };
    case "thinking":
      return { type: "reasoning", content: textAt(part, "thinking") ?? "" };
    case "refusal":
      return { type, content: textAt(part, "refusal") ?? "" };
    case "image_url":
      return toLinked("image", textAt(part, "image_url") ?? textAt(objectAt(part, "image_url"), "url") ?? "");
    case "input_audio": {
      const { data, format } = objectAt(part, "input_audio");
      return toBlob("audio", typeof format === "string" ? `audio/${format}` : undefined, String(data ?? ""));
    }
    case "image":
    case "document":
      return toSource(type, objectAt(part, "source"));
    case "file":
      return toFile(objectAt(part, "file"));
    case "tool_use":
      return toToolCall(part["id"], part["name"], part["input"]);
    case "tool_result":
      return toToolResponse(part["tool_use_id"], part["content"]);
    default:
      return { type };
  }
}

/** Media of Anthropic's dialect. */
function toSource(modality: "image" | "document", source: JsonObject): JsonObject {
  const url = textAt(source, "url");
  if (url !== undefined) return toLinked(modality, url);
  const id = textAt(source, "file_id");
  if (id !== undefined) return { type: "file", modality, file_id: id };
  const data = textAt(source, "data") ?? "";
  if (source["type"] === "text") return { type: "text", content: data };
  return toBlob(modality, textAt(source, "media_type"), data);
}

/** A file of OpenAI's dialect. */
function toFile(file: JsonObject): JsonObject {
  const id = textAt(file, "file_id");
  if (id !== undefined) return { type: "file", modality: "document", file_id: id };
  return toLinked("document", textAt(file, "file_data") ?? "");
}

const dataUrl = /^data:([^;,]*)[^,]*,/;

/** What is behind an address, or in it. Neither a name and password in it nor its query are shown: they may be secret. */
function toLinked(modality: string, url: string): JsonObject {
  const inside = dataUrl.exec(url);
  if (inside !== null) return toBlob(modality, inside[1] || undefined, url, inside[0].length);
  const address = URL.parse(url);
  if (address === null) return toBlob(modality, undefined, url);
  return { type: "uri", modality, uri: `${address.protocol}//${address.host}${address.pathname}` };
}

/** @param data in base64, behind so many characters of something else */
// oxlint-disable-next-line max-params -- what a blob is, and where its data begin
function toBlob(modality: string, mimeType: string | undefined, data: string, from = 0): JsonObject {
  const bytes = Math.floor(((data.length - from) * 3) / 4);
  return {
    type: "blob",
    modality,
    ...(mimeType === undefined ? {} : { mime_type: mimeType }),
    size_bytes: bytes,
  };
}

function toToolCall(id: Json | undefined, name: Json | undefined, given: Json | undefined): JsonObject {
  const called = typeof given === "string" ? parseArguments(given) : (given ?? {});
  return { type: "tool_call", ...idOf(id), name: typeof name === "string" ? name : "", arguments: called };
}

function idOf(id: Json | undefined): JsonObject {
  return typeof id === "string" ? { id } : {};
}
