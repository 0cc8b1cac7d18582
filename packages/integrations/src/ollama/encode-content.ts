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

/** The content of a message as Ollama takes it: one text, and images beside it. */
interface OllamaContent {
  readonly content: string;
  /** Base64, without the head of the data URL. */
  readonly images?: readonly string[];
}

const textPartFields: FieldRules = {
  type: mapped,
  text: mapped,
  prompt_cache_breakpoint: harmless,
};
const imagePartFields: FieldRules = {
  type: mapped,
  image_url: mapped,
  prompt_cache_breakpoint: harmless,
};
const imageFields: FieldRules = {
  url: mapped,
  detail: only("auto"),
};

/**
 * Puts the text parts together, each on a line of its own, and takes the images out.
 * @param path of the content, e.g. `messages[0].content`
 */
export function encodeContent(content: Json | undefined, path: string): OllamaContent {
  if (typeof content === "string") return { content };
  if (!isJsonArray(content)) throw invalidField(path, "a text or a list of parts");
  const texts: string[] = [];
  const images: string[] = [];
  for (const [index, part] of content.entries()) {
    const partPath = `${path}[${index}]`;
    if (!isJsonObject(part)) throw invalidField(partPath, "an object");
    if (part.type === "text") texts.push(readText(part, partPath));
    else if (part.type === "image_url") images.push(readImage(part, partPath));
    else throw unsupported(`${partPath}.type`, 'Only "text" and "image_url" are possible.');
  }
  return {
    content: texts.join("\n"),
    ...(images.length === 0 ? {} : { images }),
  };
}

function readText(part: JsonObject, path: string): string {
  checkFields(part, textPartFields, `${path}.`);
  if (typeof part.text !== "string") throw invalidField(`${path}.text`, "a text");
  return part.text;
}

function readImage(part: JsonObject, path: string): string {
  checkFields(part, imagePartFields, `${path}.`);
  const image = part.image_url;
  if (!isJsonObject(image)) throw invalidField(`${path}.image_url`, "an object with `url`");
  checkFields(image, imageFields, `${path}.image_url.`);
  const field = `${path}.image_url.url`;
  const { url } = image;
  if (typeof url !== "string") throw invalidField(field, "a text");
  if (/^https?:/i.test(url)) {
    throw unsupported(
      field,
      "The platform does not fetch images. Send the image itself, as a data: URL in base64.",
    );
  }
  const head = /^data:image\/[a-z0-9.+-]+;base64,/i.exec(url.slice(0, 100))?.[0];
  const data = head === undefined ? "" : url.slice(head.length);
  if (data === "" || !/^[A-Za-z0-9+/]+={0,2}$/.test(data))
    throw invalidField(field, "an image as a data: URL in base64");
  return data;
}
