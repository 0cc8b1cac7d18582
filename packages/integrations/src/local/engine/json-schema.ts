import type { Json, JsonObject } from "@llm-platform/kit";
import * as z from "zod";

/** A JSON object of any content. */
export const jsonObjectSchema: z.ZodType<JsonObject> = z.custom<JsonObject>(
  isJsonObject,
  "expected a JSON object",
);

/** Whether a value that came out of JSON.parse is an object. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value that a JSON text says, or undefined when it is not JSON. */
export function parseJsonText(text: string): Json | undefined {
  try {
    const value: Json = JSON.parse(text);
    return value;
  } catch {
    // The caller asks whether it is JSON; undefined is the answer.
    return undefined;
  }
}
