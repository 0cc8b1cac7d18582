import { tmpdir } from "node:os";
import { resolve, sep } from "node:path";
import { PlatformError } from "../errors.ts";
import { Secret } from "../settings.ts";

/** Throws PlatformError `forbidden` for an origin that an integration may not reach. */
export type OriginGuard = (origin: string) => void;

/**
 * Lets pass what stands in the settings; and Unix sockets below the integration's own folder
 * or the system's temporary one, where a child process of the integration listens.
 */
export function createOriginGuard(settings: readonly unknown[], dataDirectory: string): OriginGuard {
  const texts = settings.flatMap(textsOf);
  const origins = new Set(texts.map(originOf));
  const folders = [dataDirectory, tmpdir()];
  return (origin) => {
    if (origins.has(originOf(origin))) return;
    if (origin.startsWith("unix:") && isBelow(folders, origin.slice("unix:".length))) return;
    throw new PlatformError(
      "forbidden",
      `The origin ${origin} does not stand in the integration's settings.`,
    );
  };
}

/** Every string in a value, at any depth. Secrets are left out. */
export function textsOf(value: unknown): readonly string[] {
  if (typeof value === "string") return [value];
  if (value instanceof URL) return [value.href];
  if (typeof value !== "object" || value === null || value instanceof Secret) return [];
  return Object.values(value).flatMap(textsOf);
}

/** Every secret in a value, at any depth, revealed. */
export function secretsOf(value: unknown): readonly string[] {
  if (value instanceof Secret) return [value.reveal()];
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap(secretsOf);
}

function originOf(text: string): string {
  if (text.startsWith("unix:")) return text;
  return URL.canParse(text) ? new URL(text).origin : text;
}

function isBelow(folders: readonly string[], path: string): boolean {
  return folders.some((folder) => resolve(path).startsWith(resolve(folder) + sep));
}
