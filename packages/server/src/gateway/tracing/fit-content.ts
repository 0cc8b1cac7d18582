import type { Json, JsonObject } from "@llm-platform/kit";
import type { KnownSecrets } from "../../core/known-secrets.ts";
import type { RecordedMessage } from "./recorded-message.ts";

/** As much of a text that was cut off is left out at its end, in characters: a secret that the cut went through is in there. */
export const cutSlack = 4_096;
/** A text of which less would be left is left out. */
const shortestRest = 16;
const brackets = 2;
const comma = 1;

/** What is shown of content, and whether it is all of it. */
export interface Fitted {
  readonly value: readonly JsonObject[];
  readonly isTruncated: boolean;
}

/**
 * Makes content as small as it may be, without secrets. Sizes are those of its JSON in UTF-8; what is left of it is
 * whole JSON, and no character is cut in two.
 */
export class ContentFitter {
  readonly #maxBytes: number;
  readonly #secrets: KnownSecrets;

  constructor(maxBytes: number, secrets: KnownSecrets) {
    this.#maxBytes = maxBytes;
    this.#secrets = secrets;
  }

  /** The last messages are kept: those before them are in the traces of earlier calls. */
  messages(messages: readonly RecordedMessage[]): Fitted {
    const kept: JsonObject[] = [];
    let room = this.#maxBytes - brackets;
    let isTruncated = false;
    for (const { role, parts, finish_reason } of messages.toReversed()) {
      const end = finish_reason === undefined ? {} : { finish_reason };
      const shown = this.#fit(parts, room - sizeOf({ role, parts: [], ...end }) - comma);
      isTruncated = shown.isTruncated;
      if (shown.value.length > 0 || !isTruncated) {
        const message = { role, parts: shown.value, ...end };
        kept.push(message);
        room -= sizeOf(message) + comma;
      }
      if (isTruncated) break;
    }
    return { value: kept.reverse(), isTruncated };
  }

  /** The first parts are kept. */
  parts(parts: readonly JsonObject[]): Fitted {
    return this.#fit(parts, this.#maxBytes - brackets);
  }

  #fit(parts: readonly JsonObject[], space: number): Fitted {
    const value: JsonObject[] = [];
    let room = space;
    if (room < 0) return { value, isTruncated: true };
    for (const part of parts) {
      const { shown, isCut } = this.#hide(part);
      const size = sizeOf(shown) + comma;
      if (size > room) {
        const rest = shorten(shown, room - comma);
        return { value: rest === undefined ? value : [...value, rest], isTruncated: true };
      }
      value.push(shown);
      room -= size;
      if (isCut) return { value, isTruncated: true };
    }
    return { value, isTruncated: false };
  }

  /** Long texts are cut before secrets are looked for: a megabyte is not gone through for its first page. */
  #hide(part: JsonObject): { readonly shown: JsonObject; readonly isCut: boolean } {
    const longest = this.#maxBytes + cutSlack;
    let isCut = false;
    const members = Object.entries(part).map(([key, value]): readonly [string, Json] => {
      if (typeof value !== "string" || value.length <= longest) return [key, value];
      isCut = true;
      return [key, hideCut(value.slice(0, longest), this.#secrets)];
    });
    return { shown: this.#secrets.hideIn(Object.fromEntries(members)), isCut };
  }
}

/** What is shown of a text that was cut off: neither its secrets, nor one that the cut went through. */
export function hideCut(text: string, secrets: KnownSecrets): string {
  return secrets.hide(text).slice(0, -cutSlack).toWellFormed();
}

/** Members of a part that may be long, and may be cut. */
const longMembers = ["content", "arguments", "response"] as const;

/** A part with as much of its text as there is room for; undefined where that would be nothing worth showing. */
function shorten(part: JsonObject, room: number): JsonObject | undefined {
  const key = longMembers.find((each) => part[each] !== undefined);
  if (key === undefined) return undefined;
  const value = part[key];
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const rest = room - sizeOf({ ...part, [key]: "" });
  return rest < shortestRest ? undefined : { ...part, [key]: cutText(text, rest) };
}

function sizeOf(value: JsonObject): number {
  return Buffer.byteLength(JSON.stringify(value));
}

/** The beginning of a text that takes no more than so many bytes within the quotes of JSON. */
export function cutText(text: string, maxBytes: number): string {
  let size = 0;
  let at = 0;
  for (const character of text) {
    size += sizeInJson(character.codePointAt(0) ?? 0);
    if (size > maxBytes) return text.slice(0, at);
    at += character.length;
  }
  return text;
}

function sizeInJson(code: number): number {
  if (code === 0x22 || code === 0x5c) return 2;
  if (code < 0x20) return shortEscapes.has(code) ? 2 : 6;
  if (code < 0x80) return 1;
  if (code < 0x800) return 2;
  // Half a character: JSON has it as an escape.
  if (code >= 0xd800 && code <= 0xdfff) return 6;
  return code < 0x1_0000 ? 3 : 4;
}

/** Backspace, tab, line feed, form feed, carriage return. */
const shortEscapes: ReadonlySet<number> = new Set([0x08, 0x09, 0x0a, 0x0c, 0x0d]);
