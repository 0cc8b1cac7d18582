import { hash } from "node:crypto";
import type { IntegrationConfig, Log } from "@llm-platform/kit";
import type { ChangeNotices } from "./store/change-notices.ts";
import type { Vault } from "./store/vault.ts";

/**
 * Changes that operators made over the API, kept over restarts, and sealed, for they may hold credentials.
 * A change holds until the file's entry for the integration changes: then the file is the newer word.
 */
export interface SavedConfig {
  /**
   * The configuration with what was saved for it. Where that was altered in the database, an integration stays off
   * rather than run without it; a surface stays on, for without one nobody could mend it.
   */
  apply(config: IntegrationConfig): Promise<IntegrationConfig>;
  /** Rejects with PlatformError `sealed`, `payload_too_large` or `unavailable`. */
  save(name: string, patch: object): Promise<void>;
}

interface Saved {
  /** Of the entry that the change was made to. */
  readonly fingerprint: string;
  readonly patch: object;
}

export interface SavedConfigParts {
  readonly vault: Vault;
  /** Told of what is saved. */
  readonly changes: ChangeNotices;
}

const purpose = "integration_config";

export function createSavedConfig({ vault, changes }: SavedConfigParts, log: Log): SavedConfig {
  const fingerprints = new Map<string, string>();
  // It is taken up here with the next start.
  changes.onRemote("integration_config", (change) => {
    if (change.type === "changed")
      log.info("integration.config_changed_elsewhere", { integration: change.name });
  });

  async function read(name: string): Promise<Saved | undefined> {
    const text = await vault.read({ purpose, name });
    const saved: unknown = text === undefined ? undefined : JSON.parse(text);
    return isSaved(saved) ? saved : undefined;
  }

  /** A change that replaces one which cannot be read stands alone. */
  async function readPatch(name: string, fingerprint: string): Promise<object> {
    try {
      const saved = await read(name);
      return saved?.fingerprint === fingerprint ? saved.patch : {};
    } catch (error) {
      if (vault.isSealed) throw error;
      log.warn("secrets.unreadable_replaced", { integration: name, error });
      return {};
    }
  }

  return {
    async apply(config) {
      const fingerprint = hash("sha256", JSON.stringify(config));
      fingerprints.set(config.name, fingerprint);
      try {
        const saved = await read(config.name);
        return saved?.fingerprint === fingerprint ? { ...config, ...saved.patch } : config;
      } catch (error) {
        if (vault.isSealed) throw error;
        log.error("secrets.unreadable", { integration: config.name, error });
        return config.type === "api" ? config : { ...config, enabled: false };
      }
    },
    async save(name, patch) {
      const fingerprint = fingerprints.get(name) ?? "";
      const merged = { ...(await readPatch(name, fingerprint)), ...patch };
      await vault.write({ purpose, name }, JSON.stringify({ fingerprint, patch: merged }));
      await changes.announce("integration_config", name).catch((error: unknown) => {
        // It is saved; other replicas see it when they start.
        log.warn("integration.change_not_announced", { integration: name, error });
      });
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
