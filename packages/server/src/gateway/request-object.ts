import { type JsonObject, PlatformError } from "@llm-platform/kit";
import { toRecord } from "../wire/openai-usage.ts";

/**
 * The body of a request that was parsed from JSON.
 * @throws PlatformError `invalid_request` where it is no object
 */
export function toRequestObject(value: unknown): JsonObject {
  const record = toRecord(value);
  if (record === undefined) throw new PlatformError("invalid_request", "The body is not a JSON object.");
  // Parsed from JSON text, so every value in it is a JSON value.
  return record as JsonObject;
}
