import type { Json, JsonObject } from "./chat.ts";
import { PlatformError } from "./errors.ts";
import { isJsonObject } from "./json-shape.ts";

/** Longest reply in one piece, in bytes. */
const maxWholeReplyBytes = 64 * 1024 * 1024;

/** Gathers a reply that is one JSON object. */
export interface ReplyGatherer {
  /** Throws PlatformError `upstream_malformed` past 64 MiB. */
  push(chunk: Uint8Array): void;
  /** What was gathered. Throws PlatformError `upstream_malformed` when it is no JSON object in UTF-8. */
  take(): JsonObject;
}

export function createReplyGatherer(): ReplyGatherer {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let texts: string[] = [];
  let size = 0;

  function decode(chunk: Uint8Array, stream: boolean): string {
    try {
      return decoder.decode(chunk, { stream });
    } catch (cause) {
      throw malformed("text that is not UTF-8", cause);
    }
  }
  return {
    push(chunk) {
      size += chunk.byteLength;
      if (size > maxWholeReplyBytes) throw malformed(`a reply longer than ${maxWholeReplyBytes} bytes`);
      texts.push(decode(chunk, true));
    },
    take() {
      const text = texts.join("") + decode(new Uint8Array(), false);
      texts = [];
      return parseReplyObject(text);
    },
  };
}

/** The JSON object that a piece of a reply is. Throws PlatformError `upstream_malformed` when it is none. */
export function parseReplyObject(text: string): JsonObject {
  let value: Json;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw malformed("text that is not JSON", cause);
  }
  if (!isJsonObject(value)) throw malformed("JSON that is not an object");
  return value;
}

function malformed(what: string, cause?: unknown): PlatformError {
  return new PlatformError("upstream_malformed", `The model server sent ${what} in place of a reply.`, {
    cause,
    isRetryable: true,
  });
}
