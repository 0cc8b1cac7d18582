import { existsSync } from "node:fs";
import { join } from "node:path";
import { isLocalDatabase } from "./core/database-url.ts";
import { toMasterKeys, toPostgresSettings, toSumsRetention } from "./settings-of.ts";
import { inspectDataDirectory } from "./store/migrate.ts";
import { inspectPostgres } from "./store/postgres/migrate-postgres.ts";
import { openPostgresStore, type PostgresKeeper } from "./store/postgres/postgres-store.ts";
import type { QueryWatch } from "./store/query-watch.ts";
import { openStore, type Store } from "./store/store.ts";
import { answerWhileOpening, waitForDatabase, waitForSchema, type WaitingInput } from "./waiting-phase.ts";

/** The store, and what looks after its database where that is a server of its own. */
export interface PlatformStore {
  readonly store: Store;
  readonly postgres: PostgresKeeper | undefined;
}

/**
 * Opens the store that the configuration names. This is the one place that asks which it is.
 * @throws PlatformError when the data folder or the database cannot be used
 */
export async function openPlatformStore(input: WaitingInput, watchQuery: QueryWatch): Promise<PlatformStore> {
  const { config, log } = input;
  const options = {
    directory: config.data_dir,
    keepEvents: config.events.keep,
    keepSums: toSumsRetention(config),
    nowMs: Date.now,
    masterKeys: toMasterKeys(config),
    log,
    watchQuery,
  };
  const settings = toPostgresSettings(config);
  const mustWait = config.database.migrate === "never";
  if (settings === undefined) {
    if (mustWait) await waitForSchema(async () => inspectDataDirectory(config.data_dir), input);
    return { store: await openStore(options), postgres: undefined };
  }
  const { address } = settings;
  if (address.tls === "disable" && !isLocalDatabase(address))
    log.warn("database.not_encrypted", {
      remedy:
        "Everything that goes to the database can be read on the way. Add ?sslmode=verify-full to DATABASE_URL.",
    });
  if (existsSync(join(config.data_dir, "platform.db")))
    log.warn("database.other_data_unused", {
      remedy:
        "The data folder holds a database of SQLite from before. Nothing of it is used while DATABASE_URL is set.",
    });
  await waitForDatabase(settings, input);
  if (mustWait) await waitForSchema(() => inspectPostgres(settings), input);
  const { store, keeper } = await answerWhileOpening(input, () =>
    openPostgresStore({ ...options, settings }),
  );
  return { store, postgres: keeper };
}
