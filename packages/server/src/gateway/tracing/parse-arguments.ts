import { isJsonObject, type Json, type JsonObject, nestsDeeperThan } from "@llm-platform/kit";

const deepest = 32;

/** Arguments of a tool as an object where they are one, which is what tools for traces look for; else the text as it is. */
export function parseArguments(text: string): JsonObject | string {
  try {
    const value: Json = JSON.parse(text);
    return isJsonObject(value) && !nestsDeeperThan(value, deepest) ? value : text;
  } catch {
    // Models write arguments that are no JSON: they are shown as they are.
    return text;
  }
}
