import { type IntegrationConfig, type Log, PlatformError, toPlatformError } from "@llm-platform/kit";
import { integrationEntry } from "./config/integration-settings.ts";
import type { ConfiguredIntegration } from "./config/schema.ts";
import { createTurns } from "./core/turns.ts";
import type { Manager } from "./manager/manager.ts";
import type { IntegrationStatus } from "./manager/status.ts";
import type { Trial } from "./manager/trial.ts";
import type { SavedConfig } from "./saved-config.ts";
import type { ChangeNotices } from "./store/change-notices.ts";
import type { RunAlone } from "./store/run-alone.ts";
import type { Vault } from "./store/vault.ts";

/**
 * Integrations that were added over the API: sealed in the store, for they may hold credentials, started by every
 * replica, and there after a restart. A name that the configuration file has as well is the file's.
 */
export interface IntegrationRoster {
  /**
   * Everything that the manager is to start first: what stands in the configuration, and what was added, each with the
   * changes that were saved for it. From then on it is kept in step with the store.
   */
  load(): Promise<readonly IntegrationConfig[]>;
  /** Whether one was added, and may be removed. */
  isAdded(name: string): boolean;
  /** Starts one for a moment, and says how it was. Rejects with PlatformError `conflict` and `config_invalid`. */
  tryNew(entry: unknown): Promise<Trial>;
  /** Adds one on every replica. Rejects with PlatformError `conflict`, `config_invalid`, `sealed` and `unavailable`. */
  add(entry: unknown): Promise<IntegrationStatus>;
  /** Whether the platform itself has it, once: its API over REST, its database. */
  isOwn(use: string): boolean;
  /**
   * Removes one on every replica, with its settings. Rejects with PlatformError `not_found`, `conflict`, `sealed` and `unavailable`.
   * @param isDataRemoved whether what it has stored goes too once its last calls have ended: its key-values, and its folder on
   * this machine
   */
  remove(name: string, isDataRemoved: boolean): Promise<void>;
  /** Resolves when nothing is under way; then nothing begins any more. */
  stop(): Promise<void>;
}

export interface RosterParts {
  readonly vault: Pick<Vault, "read" | "write" | "remove" | "names">;
  readonly changes: ChangeNotices;
  readonly runAlone: RunAlone;
  readonly savedConfig: Pick<SavedConfig, "apply" | "drop" | "forget">;
  readonly log: Log;
  manager(): Pick<Manager, "list" | "check" | "add" | "checkRemoval" | "remove" | "tryNew" | "status">;
  /** What the platform itself has and what its file names. */
  written(): readonly IntegrationConfig[];
  /** An entry with what its definition and the data folder add to it. */
  toConfig(entry: ConfiguredIntegration): IntegrationConfig;
  isOwn(use: string): boolean;
  /** Takes away what an integration has stored. */
  removeData(name: string): Promise<void>;
  /** When what could not be done is tried again. Default 30,000. */
  readonly retryAfterMs?: number;
}

const purpose = "added_integration";

export function createIntegrationRoster(parts: RosterParts): IntegrationRoster {
  return new Roster(parts);
}

class Roster implements IntegrationRoster {
  readonly #parts: RosterParts;
  /** What was stored for each that runs here. */
  readonly #added = new Map<string, string>();
  readonly #turns = createTurns();
  #retry: NodeJS.Timeout | undefined;
  #isLoaded = false;
  #isStopped = false;

  constructor(parts: RosterParts) {
    this.#parts = parts;
    parts.changes.onRemote("integrations", () => void this.#follow());
  }

  async load(): Promise<readonly IntegrationConfig[]> {
    const { savedConfig, written } = this.#parts;
    return this.#turns.take(async () => {
      const configs = await Promise.all(written().map((each) => savedConfig.apply(each)));
      const names = new Set(configs.map(({ name }) => name));
      for (const [name, text] of await this.#stored()) {
        if (names.has(name)) this.#parts.log.warn("integration.added_twice", { integration: name });
        else configs.push(await this.#read(name, text));
      }
      this.#isLoaded = true;
      return configs;
    });
  }

  isAdded(name: string): boolean {
    return this.#added.has(name);
  }

  isOwn(use: string): boolean {
    return this.#parts.isOwn(use);
  }

  async tryNew(entry: unknown): Promise<Trial> {
    return this.#parts.manager().tryNew(this.#toConfig(parseEntry(entry)));
  }

  add(unchecked: unknown): Promise<IntegrationStatus> {
    const { vault, runAlone, savedConfig, manager } = this.#parts;
    return this.#turns.take(async () => {
      const entry = parseEntry(unchecked);
      const { name } = entry;
      const config = this.#toConfig(entry);
      await manager().check(config);
      const text = JSON.stringify(entry);
      await runAlone("saved_config", async () => {
        if ((await vault.read({ purpose, name })) !== undefined)
          throw new PlatformError("conflict", `${name} was just added on another replica.`, {
            field: "name",
          });
        await vault.write({ purpose, name }, text);
      });
      try {
        // What was once saved for another of this name is not meant for this one.
        await savedConfig.drop(name);
        await savedConfig.apply(config);
        const status = await manager().add(config);
        this.#added.set(name, text);
        return status;
      } catch (error) {
        // It is stored, and begins with the next try.
        this.#retryLater();
        throw error;
      } finally {
        await this.#announce(name);
      }
    });
  }

  remove(name: string, isDataRemoved: boolean): Promise<void> {
    const { vault, savedConfig, manager } = this.#parts;
    return this.#turns.take(async () => {
      manager().status(name);
      if (!this.#added.has(name))
        throw new PlatformError(
          "conflict",
          `${name} was not added over the API: it comes with the platform or its configuration file. Disable it, or take it out of the file and start anew.`,
        );
      manager().checkRemoval(name);
      await vault.remove({ purpose, name });
      const { whenGone } = manager().remove(name);
      this.#added.delete(name);
      if (isDataRemoved) void whenGone.then(() => this.#removeData(name));
      await savedConfig.drop(name);
      await this.#announce(name);
    });
  }

  /** Unless there is another of its name already. */
  #removeData(name: string): Promise<void> {
    const { manager, removeData, log } = this.#parts;
    return this.#turns.take(async () => {
      const isBack = manager()
        .list()
        .some((each) => each.name === name);
      if (isBack || this.#isStopped) return;
      await removeData(name).catch((error: unknown) =>
        log.error("integration.data_not_removed", { integration: name, error: toPlatformError(error) }),
      );
    });
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#retry);
    await this.#turns.take(async () => undefined);
  }

  /** Brings this replica to what is stored. */
  #follow(): Promise<void> {
    return this.#turns.take(async () => {
      if (!this.#isLoaded || this.#isStopped) return;
      try {
        const stored = await this.#stored();
        for (const [name, text] of this.#added) if (stored.get(name) !== text) this.#letGo(name);
        for (const [name, text] of stored) if (!this.#added.has(name)) await this.#takeOver(name, text);
      } catch (error) {
        this.#parts.log.error("integrations.not_followed", { error: toPlatformError(error) });
        this.#retryLater();
      }
    });
  }

  /** What is stored and does not run here is taken up later: the database or what it needs may be back then. */
  #retryLater(): void {
    clearTimeout(this.#retry);
    if (this.#isStopped) return;
    const { retryAfterMs = 30_000 } = this.#parts;
    this.#retry = setTimeout(() => void this.#follow(), retryAfterMs).unref();
  }

  #letGo(name: string): void {
    this.#parts.manager().remove(name);
    this.#parts.savedConfig.forget(name);
    this.#added.delete(name);
    this.#parts.log.info("integration.removal_taken_over", { integration: name });
  }

  async #takeOver(name: string, text: string): Promise<void> {
    const { manager, log } = this.#parts;
    try {
      if (
        manager()
          .list()
          .some((each) => each.name === name)
      )
        return log.warn("integration.added_twice", { integration: name });
      await manager().add(await this.#read(name, text));
      log.info("integration.addition_taken_over", { integration: name });
    } catch (error) {
      // One that does not fit here keeps nothing else from its turn, and is tried again.
      this.#added.delete(name);
      this.#retryLater();
      log.error("integration.addition_not_taken_over", { integration: name, error: toPlatformError(error) });
    }
  }

  async #read(name: string, text: string): Promise<IntegrationConfig> {
    this.#added.set(name, text);
    return this.#parts.savedConfig.apply(this.#parts.toConfig(parseEntry(JSON.parse(text))));
  }

  async #stored(): Promise<ReadonlyMap<string, string>> {
    const { vault } = this.#parts;
    const stored = new Map<string, string>();
    for (const name of await vault.names(purpose)) {
      const text = await vault.read({ purpose, name });
      if (text !== undefined) stored.set(name, text);
    }
    return stored;
  }

  #toConfig(entry: ConfiguredIntegration): IntegrationConfig {
    if (this.#parts.isOwn(entry.use))
      throw new PlatformError("conflict", `${entry.use} is a part of the platform, which it has once.`, {
        field: "use",
      });
    return this.#parts.toConfig(entry);
  }

  async #announce(name: string): Promise<void> {
    await this.#parts.changes.announce("integrations", name).catch((error: unknown) => {
      // It is stored; other replicas see it when they listen again, or start.
      this.#parts.log.warn("integration.change_not_announced", { integration: name, error });
    });
  }
}

/** Throws PlatformError `config_invalid` with all problems. */
function parseEntry(unchecked: unknown): ConfiguredIntegration {
  const result = integrationEntry.safeParse(unchecked);
  if (result.success) return result.data;
  const problems = result.error.issues.map(({ path, message }) => ({ field: path.join("."), message }));
  throw new PlatformError(
    "config_invalid",
    `The integration is not valid: ${problems.map(({ field, message }) => `${field}: ${message}`).join("; ")}.`,
    { problems },
  );
}
