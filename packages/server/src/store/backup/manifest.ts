import { PlatformError } from "@llm-platform/kit";
import { z } from "zod";
import { archiveBytes, splitName } from "./archive-header.ts";
import { databaseName, isSavedName } from "./contents.ts";

/** Raised when an older program could not read what a newer one writes. */
export const backupFormat = 1;

/** The first entry of an archive, and the second, which holds the SHA-256 of the first. */
export const manifestName = "manifest.json";
export const manifestHashName = "manifest.sha256";
/** The hash in hexadecimal and a line feed. */
export const manifestHashBytes = 65;
export const largestManifestBytes = 16 * 1024 * 1024;

const count = z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER);

const fileSchema = z.object({
  name: z.string().refine((name) => isSavedName(name) && splitName(name) !== undefined, {
    message: "is no name that a backup may hold",
  }),
  bytes: count,
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

const schema = z.object({
  format: z.literal(backupFormat),
  /** Of the program that made it. */
  version: z.string(),
  created_at: z.iso.datetime(),
  /** Changes of the schema that the database has. */
  migrations: z.array(z.string()).readonly(),
  /** In the order in which they follow. */
  files: z.array(fileSchema).readonly(),
  /** Rows of each table of the database. */
  tables: z.record(z.string(), count),
  /** Ids of the master keys under which secrets in the database are sealed. */
  master_key_ids: z.array(z.string()).readonly(),
  /** Model files that stood in the data folder and are not in the backup. */
  models: z.array(z.object({ name: z.string(), bytes: count })).readonly(),
});

/** What a backup says of itself. */
export type Manifest = z.output<typeof schema>;

/** One file of a backup. */
export type SavedFile = z.output<typeof fileSchema>;

export function encodeManifest(manifest: Manifest): Buffer {
  return Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`);
}

/** @throws PlatformError `conflict` for the manifest of a newer format, `invalid_request` for what is none */
export function decodeManifest(text: string): Manifest {
  const value = parseJson(text);
  const format = z.object({ format: z.number() }).safeParse(value).data?.format;
  if (format !== undefined && format > backupFormat)
    throw new PlatformError(
      "conflict",
      `The backup has the format ${format}; this version of llm-platform reads up to ${backupFormat}. Use the version that made it, or a newer one.`,
    );
  const { data, error } = schema.safeParse(value);
  if (data === undefined) {
    const first = error?.issues[0];
    throw notManifest(`${first?.path.join(".") ?? ""}: ${first?.message ?? "is not valid"}`);
  }
  const seen = new Set<string>();
  for (const { name } of data.files) {
    if (seen.has(name)) throw notManifest(`${name} is there twice`);
    seen.add(name);
  }
  if (data.files[0]?.name !== databaseName) throw notManifest(`${databaseName} is not its first file`);
  return data;
}

/** How long the archive is that has this manifest. */
export function expectedBytes(manifest: Manifest, manifestBytes: number): number {
  return archiveBytes([
    { name: manifestName, bytes: manifestBytes },
    { name: manifestHashName, bytes: manifestHashBytes },
    ...manifest.files,
  ]);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw notManifest("is no JSON", error);
  }
}

function notManifest(why: string, cause?: unknown): PlatformError {
  return new PlatformError("invalid_request", `The backup is damaged at ${manifestName}: ${why}.`, {
    field: manifestName,
    cause,
  });
}
