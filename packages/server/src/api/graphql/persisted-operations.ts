import { hash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { PlatformError } from "@llm-platform/kit";
import { z } from "zod";

/** Documents that clients ask by a name, so that they need not send them. */
export interface PersistedOperations {
  /** Whether nothing but these is answered. */
  readonly isOnly: boolean;
  /** By the name in the file, or by the SHA-256 of the text, with `sha256:` before it or without. */
  find(id: string): string | undefined;
  /** Whether a text is one of them. */
  has(text: string): boolean;
}

export interface PersistedSettings {
  /** A JSON file: an object of documents by their names. Undefined for none. */
  readonly path: string | undefined;
  readonly isOnly: boolean;
}

const fileSchema = z.record(z.string().min(1), z.string().min(1));

/** Reads the file. Rejects with PlatformError `config_invalid`. */
export async function readPersistedOperations({
  path,
  isOnly,
}: PersistedSettings): Promise<PersistedOperations> {
  const named = path === undefined ? {} : await readFileOf(path);
  const texts = new Set(Object.values(named));
  const byId = new Map(Object.entries(named));
  for (const text of texts) byId.set(hash("sha256", text), text);
  return {
    isOnly,
    find: (id) => byId.get(id) ?? byId.get(id.replace(/^sha256:/, "")),
    has: (text) => texts.has(text),
  };
}

async function readFileOf(path: string): Promise<Readonly<Record<string, string>>> {
  try {
    return fileSchema.parse(JSON.parse(await readFile(path, "utf8")));
  } catch (cause) {
    throw new PlatformError(
      "config_invalid",
      "The file of `graphql.persisted_operations` must be there, and be a JSON object of documents by their names.",
      { field: "graphql.persisted_operations", cause },
    );
  }
}
