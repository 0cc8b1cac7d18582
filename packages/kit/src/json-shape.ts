import type { Json, JsonObject } from "./chat.ts";

export function isJsonObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isJsonArray(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

/** The object under `key`, or an empty one. */
export function objectAt(object: JsonObject, key: string): JsonObject {
  const value = object[key];
  return isJsonObject(value) ? value : {};
}

/** The array under `key`, or an empty one. */
export function arrayAt(object: JsonObject, key: string): readonly Json[] {
  const value = object[key];
  return isJsonArray(value) ? value : [];
}

/** The text under `key`, or undefined when it is no text or empty. */
export function textAt(object: JsonObject, key: string): string | undefined {
  const value = object[key];
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** The count (a whole number from 0) under `key`, or undefined. */
export function countAt(object: JsonObject, key: string): number | undefined {
  const value = object[key];
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

/** Whether arrays and objects stand in one another more than `limit` deep. It looks no deeper than that. */
export function nestsDeeperThan(value: Json | undefined, limit: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (limit === 0) return true;
  return Object.values(value).some((inner) => nestsDeeperThan(inner, limit - 1));
}
