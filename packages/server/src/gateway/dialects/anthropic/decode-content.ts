import {
  type FieldRules,
  harmless,
  invalidField,
  isJsonArray,
  isJsonObject,
  type Json,
  type JsonObject,
  mapped,
} from "@llm-platform/kit";
import { requireFields, unsupported } from "./fields.ts";

/** A part of a user's message in OpenAI's shape. */
export type UserPart =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "image_url"; readonly image_url: JsonObject }
  | { readonly type: "file"; readonly file: JsonObject };

const textFields: FieldRules = { type: mapped, text: mapped, cache_control: harmless, citations: harmless };
const imageFields: FieldRules = { type: mapped, source: mapped, cache_control: harmless };
const documentFields: FieldRules = {
  type: mapped,
  source: mapped,
  title: mapped,
  context: mapped,
  cache_control: harmless,
  citations: harmless,
};

/**
 * Blocks of text, images and documents as parts of a message in OpenAI's shape.
 * @param path of the list, e.g. `messages[0].content`
 * @param first place of the first of them in the list
 */
export function decodeBlocks(blocks: Json, path: string, first = 0): readonly UserPart[] {
  if (!isJsonArray(blocks)) throw invalidField(path, "a text or a list of blocks");
  return blocks.flatMap((block, index) => decodeBlock(block, `${path}[${first + index}]`));
}

function decodeBlock(block: Json, path: string): readonly UserPart[] {
  if (!isJsonObject(block)) throw invalidField(path, "an object");
  switch (block.type) {
    case "text":
      requireFields(block, textFields, `${path}.`);
      if (typeof block.text !== "string") throw invalidField(`${path}.text`, "a text");
      return [{ type: "text", text: block.text }];
    case "image":
      requireFields(block, imageFields, `${path}.`);
      return [{ type: "image_url", image_url: { url: toImageUrl(block.source, `${path}.source`) } }];
    case "document":
      requireFields(block, documentFields, `${path}.`);
      return decodeDocument(block, path);
    default:
      throw unsupported(`${path}.type`, "Only text, image, document and tool_result are possible there.");
  }
}

const base64Text = /^[A-Za-z0-9+/]+={0,2}$/;

/** A data: URL for an image that is sent, and the address of another: the platform fetches none. */
function toImageUrl(source: Json | undefined, path: string): string {
  if (!isJsonObject(source)) throw invalidField(path, "an object");
  if (source.type === "base64") return toDataUrl(source, { path, types: /^image\/(jpeg|png|gif|webp)$/ });
  if (source.type !== "url")
    throw unsupported(`${path}.type`, "Only base64 and url are possible: files at Anthropic stay there.");
  const { url } = source;
  if (typeof url !== "string" || !/^https?:\/\//i.test(url))
    throw invalidField(`${path}.url`, "an address with http or https");
  return url;
}

function toDataUrl(
  { media_type: mediaType, data }: JsonObject,
  { path, types }: { readonly path: string; readonly types: RegExp },
): string {
  if (typeof mediaType !== "string" || !types.test(mediaType))
    throw invalidField(`${path}.media_type`, "the type of an image, or application/pdf for a document");
  if (typeof data !== "string" || !base64Text.test(data)) throw invalidField(`${path}.data`, "base64");
  return `data:${mediaType};base64,${data}`;
}

/** A document: what it says where it is text, a file where it is a PDF. Its title and context are text before it. */
function decodeDocument(block: JsonObject, path: string): readonly UserPart[] {
  const heads = ["title", "context"].flatMap((key): readonly UserPart[] => {
    const text = block[key];
    return typeof text === "string" && text !== "" ? [{ type: "text", text }] : [];
  });
  return [...heads, ...decodeSource(block.source, `${path}.source`)];
}

function decodeSource(source: Json | undefined, path: string): readonly UserPart[] {
  if (!isJsonObject(source)) throw invalidField(path, "an object");
  if (source.type === "text") {
    if (typeof source.data !== "string") throw invalidField(`${path}.data`, "a text");
    return [{ type: "text", text: source.data }];
  }
  if (source.type === "content")
    return typeof source.content === "string"
      ? [{ type: "text", text: source.content }]
      : decodeBlocks(source.content ?? null, `${path}.content`);
  if (source.type !== "base64")
    throw unsupported(
      `${path}.type`,
      "Only text, content and base64 are possible: the platform fetches no document.",
    );
  const fileData = toDataUrl(source, { path, types: /^application\/pdf$/ });
  return [{ type: "file", file: { filename: "document.pdf", file_data: fileData } }];
}
