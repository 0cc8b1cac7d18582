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
import { checkFields, unsupported } from "./field-rules.ts";

const textFields: FieldRules = { type: mapped, text: mapped, prompt_cache_breakpoint: harmless };
const imageFields: FieldRules = { type: mapped, image_url: mapped, prompt_cache_breakpoint: harmless };
const urlFields: FieldRules = { url: mapped, detail: only("auto") };
const fileFields: FieldRules = { type: mapped, file: mapped, prompt_cache_breakpoint: harmless };
const fileDataFields: FieldRules = { file_data: mapped, filename: mapped, file_id: only() };

/** The content of a user's message as Anthropic's blocks. Empty texts, which it refuses, are left out. */
export function encodeParts(content: Json | undefined, path: string): readonly JsonObject[] {
  if (typeof content === "string") return toText(content);
  if (!isJsonArray(content)) throw invalidField(path, "a text or a list of parts");
  return content.flatMap((part, index) => encodePart(part, `${path}[${index}]`));
}

/** The content of a message that holds text only, its parts a line each. */
export function textOf(content: Json | undefined, path: string): string {
  if (typeof content === "string") return content;
  if (!isJsonArray(content)) throw invalidField(path, "a text or a list of parts");
  const texts = content.map((part, index) => {
    if (!isJsonObject(part) || (part.type !== "text" && part.type !== "refusal"))
      throw unsupported(`${path}[${index}].type`, "Only text is possible there.");
    const text = part.text ?? part.refusal;
    if (typeof text !== "string") throw invalidField(`${path}[${index}].text`, "a text");
    return text;
  });
  return texts.join("\n");
}

function encodePart(part: Json, path: string): readonly JsonObject[] {
  if (!isJsonObject(part)) throw invalidField(path, "an object");
  switch (part.type) {
    case "text":
      checkFields(part, textFields, `${path}.`);
      if (typeof part.text !== "string") throw invalidField(`${path}.text`, "a text");
      return toText(part.text);
    case "image_url":
      checkFields(part, imageFields, `${path}.`);
      return [{ type: "image", source: toImageSource(part.image_url, `${path}.image_url`) }];
    case "file":
      checkFields(part, fileFields, `${path}.`);
      return [encodeFile(part.file, `${path}.file`)];
    default:
      throw unsupported(`${path}.type`, 'Only "text", "image_url" and "file" are possible.');
  }
}

function toText(text: string): readonly JsonObject[] {
  return text === "" ? [] : [{ type: "text", text }];
}

function toImageSource(image: Json | undefined, path: string): JsonObject {
  if (!isJsonObject(image)) throw invalidField(path, "an object with `url`");
  checkFields(image, urlFields, `${path}.`);
  const { url } = image;
  if (typeof url !== "string") throw invalidField(`${path}.url`, "a text");
  if (/^https?:\/\//i.test(url)) return { type: "url", url };
  return toBase64Source(url, /^data:(image\/(?:jpeg|png|gif|webp));base64,/i, {
    field: `${path}.url`,
    expected: "a JPEG, PNG, GIF or WebP as a data: URL in base64, or an address",
  });
}

function encodeFile(file: Json | undefined, path: string): JsonObject {
  if (!isJsonObject(file)) throw invalidField(path, "an object");
  checkFields(file, fileDataFields, `${path}.`);
  const field = `${path}.file_data`;
  if (typeof file.file_data !== "string") throw invalidField(field, "a data: URL");
  const expected = "a PDF as a data: URL in base64";
  const source = toBase64Source(file.file_data, /^data:(application\/pdf);base64,/i, { field, expected });
  return { type: "document", source };
}

function toBase64Source(
  url: string,
  pattern: RegExp,
  { field, expected }: { readonly field: string; readonly expected: string },
): JsonObject {
  const head = pattern.exec(url.slice(0, 100));
  const data = head === null ? "" : url.slice(head[0].length);
  if (head === null || !/^[A-Za-z0-9+/]+={0,2}$/.test(data)) throw invalidField(field, expected);
  return { type: "base64", media_type: (head[1] ?? "").toLowerCase(), data };
}
