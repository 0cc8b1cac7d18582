import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { FormatProblem } from "../formats/format-problem.ts";

/** The largest tokenizers in use take a third of it. */
const maxJsonBytes = 128 * 1024 * 1024;

export type JsonRecord = Readonly<Record<string, unknown>>;

/** A JSON object from a folder; undefined when there is no such file. Throws FormatProblem `corrupt`. */
export function readJsonFile(folder: string, name: string): JsonRecord | undefined {
  const text = readTextFile(folder, name);
  if (text === undefined) return undefined;
  try {
    const record = toRecord(JSON.parse(text));
    if (record !== undefined) return record;
  } catch {
    // Said below, without the text: it may be anything.
  }
  throw new FormatProblem("corrupt", `${name} is not a JSON object`);
}

export function readTextFile(folder: string, name: string): string | undefined {
  const path = join(folder, name);
  if (!existsSync(path)) return undefined;
  if (statSync(path).size > maxJsonBytes)
    throw new FormatProblem("corrupt", `${name} is larger than ${maxJsonBytes} bytes`);
  return readFileSync(path, "utf8");
}

export function toRecord(value: unknown): JsonRecord | undefined {
  return isRecord(value) ? value : undefined;
}

export function toList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function isRecord(value: unknown): value is JsonRecord {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
