import { hash } from "node:crypto";
import { type IntegrationConfig, type Log, PlatformError } from "@llm-platform/kit";
import type { ChangeNotices } from "./store/change-notices.ts";
import type { RunAlone } from "./store/run-alone.ts";
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
  /** Adds to what is saved. Rejects with PlatformError `sealed`, `payload_too_large` or `unavailable`. */
  save(name: string, patch: object): Promise<void>;
  /** Forgets one that was taken away, and what was saved for it. Rejects with PlatformError `sealed` or `unavailable`. */
  drop(name: string): Promise<void>;
  /** Forgets one that another replica has taken away. */
  forget(name: string): void;
  /**
   * How one is to be by what is saved now; undefined for one that was not applied here. Rejects with PlatformError
   * `conflict` when what is saved was made to another entry of the file than this server has, and as `save`.
   */
  current(name: string): Promise<IntegrationConfig | undefined>;
  /** Names of those that were applied here. */
  names(): readonly string[];
  /** Calls `listener` with the name of what was saved, here or by another replica; undefined: anything may have been. */
  onSaved(listener: (name: string | undefined) => void): void;
}

interface Saved {
  /** Of the entry that the change was made to. */
  readonly fingerprint: string;
  readonly patch: object;
}

/** An entry as the file has it. */
interface Written {
  readonly fingerprint: string;
  readonly config: IntegrationConfig;
}

export interface SavedConfigParts {
  readonly vault: Vault;
  /** Told of what is saved. */
  readonly changes: ChangeNotices;
  readonly runAlone: RunAlone;
}

const purpose = "integration_config";

export function createSavedConfig({ vault, changes, runAlone }: SavedConfigParts, log: Log): SavedConfig {
  const entries = new Map<string, Written>();
  const listeners: ((name: string | undefined) => void)[] = [];
  const tell = (name: string | undefined) => {
    for (const listener of listeners) listener(name);
  };
  changes.onRemote("integration_config", (change) =>
    tell(change.type === "changed" ? change.name : undefined),
  );

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
      entries.set(config.name, { fingerprint, config });
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
      const fingerprint = entries.get(name)?.fingerprint ?? "";
      // Two changes of different members, made on two replicas, both stay.
      await runAlone("saved_config", async () => {
        const merged = { ...(await readPatch(name, fingerprint)), ...patch };
        await vault.write({ purpose, name }, JSON.stringify({ fingerprint, patch: merged }));
      });
      tell(name);
      await changes.announce("integration_config", name).catch((error: unknown) => {
        // It is saved; other replicas see it when they listen again, or start.
        log.warn("integration.change_not_announced", { integration: name, error });
      });
    },
    async drop(name) {
      entries.delete(name);
      await runAlone("saved_config", () => vault.remove({ purpose, name }));
    },
    forget: (name) => void entries.delete(name),
    async current(name) {
      const entry = entries.get(name);
      if (entry === undefined) return undefined;
      const saved = await read(name);
      if (saved === undefined) return entry.config;
      if (saved.fingerprint === entry.fingerprint) return { ...entry.config, ...saved.patch };
      throw new PlatformError(
        "conflict",
        `${name}: it was changed on a replica whose configuration file has another entry for it. Give all replicas the same file, then change it again.`,
      );
    },
    names: () => [...entries.keys()],
    onSaved: (listener) => void listeners.push(listener),
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
