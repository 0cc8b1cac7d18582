import { hash } from "node:crypto";
import type { IntegrationConfig, Json, KeyValues } from "@llm-platform/kit";

/**
 * Changes that operators made over the API, kept over restarts.
 * A change holds until the file's entry for the integration changes: then the file is the newer word.
 */
export interface SavedConfig {
  /** The configuration with what was saved for it. */
  apply(config: IntegrationConfig): Promise<IntegrationConfig>;
  save(name: string, patch: object): Promise<void>;
}

interface Saved {
  /** Of the entry that the change was made to. */
  readonly fingerprint: string;
  readonly patch: object;
}

export function createSavedConfig(keyValues: KeyValues): SavedConfig {
  const fingerprints = new Map<string, string>();

  async function read(name: string): Promise<Saved | undefined> {
    const saved = await keyValues.get(`config.${name}`);
    return isSaved(saved) ? saved : undefined;
  }

  return {
    async apply(config) {
      const fingerprint = hash("sha256", JSON.stringify(config));
      fingerprints.set(config.name, fingerprint);
      const saved = await read(config.name);
      return saved?.fingerprint === fingerprint ? { ...config, ...saved.patch } : config;
    },
    async save(name, patch) {
      const fingerprint = fingerprints.get(name) ?? "";
      const before = await read(name);
      const merged = { ...(before?.fingerprint === fingerprint ? before.patch : {}), ...patch };
      await keyValues.set(`config.${name}`, toJson({ fingerprint, patch: merged }));
    },
  };
}

function isSaved(value: unknown): value is Saved {
  return (
    typeof value === "object" &&
    value !== null &&
    "fingerprint" in value &&
    "patch" in value &&
    typeof value.patch === "object"
  );
}

/** What an operator sent over the API came as JSON and is JSON again. */
function toJson(value: object): Json {
  // Written out and read again, so nothing but JSON is left.
  return JSON.parse(JSON.stringify(value)) as Json;
}
