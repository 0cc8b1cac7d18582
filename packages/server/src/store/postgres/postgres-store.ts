import type { Log } from "@llm-platform/kit";
import { createTurns } from "../../core/turns.ts";
import { createAuditTable } from "../audit-table.ts";
import { createBudgetStore } from "../budget-store.ts";
import { holdDataDirectory } from "../data-directory.ts";
import { createCallContent } from "../content/call-content.ts";
import { createIdentity } from "../identity.ts";
import { createKeyFile } from "../key-file.ts";
import { createKeyValues, dropKeyValues } from "../key-value-table.ts";
import { createPriceRows } from "../price-rows.ts";
import { createPullRows } from "../pull-rows.ts";
import { keepReplicaId } from "../replica-id.ts";
import { createRequestLog } from "../request-log/request-log.ts";
import { createRouteRows } from "../route-rows.ts";
import { createResponseTable } from "../responses/response-table.ts";
import { createSigningKeyTable } from "../signing-key-table.ts";
import { createTicketTable } from "../ticket-table.ts";
import type { Store, StoreOptions } from "../store.ts";
import { checkSeals } from "../usage-seal-check.ts";
import { openVault, type Vault } from "../vault.ts";
import { createBudgetStep } from "./budget-step.ts";
import { createPostgresNotices, type PostgresNotices } from "./change-listener.ts";
import { createPostgresEvents } from "./event-table.ts";
import { createPostgresLedger, type PostgresLedger } from "./ledger-table.ts";
import { lockFor } from "./locks.ts";
import { migratePostgres } from "./migrate-postgres.ts";
import { createPools, type PostgresPools } from "./pools.ts";
import { createPostgresRunAlone } from "./run-alone.ts";
import { createPostgresSecrets } from "./secret-table.ts";
import { createSharedSeals } from "./shared-seals.ts";
import type { PostgresSettings } from "./settings.ts";
import { createPostgresSums } from "./usage-sums.ts";

export interface PostgresStoreOptions
  extends Required<Omit<StoreOptions, "watchQuery">>,
    Pick<StoreOptions, "watchQuery"> {
  readonly settings: PostgresSettings;
}

/** What looks after the database itself, beside the store that is in it. */
export interface PostgresKeeper {
  readonly pools: PostgresPools;
  readonly notices: Pick<PostgresNotices, "isListening">;
}

export interface OpenedPostgres {
  readonly store: Store;
  readonly keeper: PostgresKeeper;
}

const partitionsEveryMs = 3_600_000;

/**
 * Opens the store in PostgreSQL, after bringing its schema up to date. The data folder still holds what belongs to this
 * one server: its spool, its audit files, and its key file if it has one.
 * @throws PlatformError `conflict` when another server uses the folder or a newer version wrote the database,
 * `config_invalid` when the database is not fit or the key file holds no key, `unavailable` when it does not answer
 */
export async function openPostgresStore(options: PostgresStoreOptions): Promise<OpenedPostgres> {
  const lock = holdDataDirectory(options.directory);
  try {
    await migratePostgres(options.settings);
    return await openTables(options, () => lock.release());
  } catch (error) {
    lock.release();
    throw error;
  }
}

async function openTables(options: PostgresStoreOptions, release: () => void): Promise<OpenedPostgres> {
  const { directory, settings, keepEvents, keepSums, nowMs, log } = options;
  const pools = createPools(settings, log, options.watchQuery);
  const { requests, background } = pools;
  const notices = createPostgresNotices({ settings, database: requests, log });
  try {
    // Before anything is read that others may change.
    await notices.begin();
    const vault = await openSharedVault(options, pools);
    const runAlone = createPostgresRunAlone(background);
    const identity = await createIdentity({ database: requests, nowMs, changes: notices, runAlone });
    const sums = await createPostgresSums({ database: background, retention: keepSums, nowMs });
    const inserts = createTurns();
    const budgets = createBudgetStore(requests, inserts);
    const steps = [sums.step, createBudgetStep(budgets)];
    const chain = keepReplicaId(directory);
    const ledger = await createPostgresLedger({ database: background, steps, nowMs, replica: chain });
    const timer = keepAhead(ledger, log);
    const store: Store = {
      isShared: true,
      events: createPostgresEvents({ database: background, keep: keepEvents, nowMs }),
      ledger: {
        ...ledger.table,
        insertMany: (records) =>
          inserts.take(async () => {
            await ledger.table.insertMany(records);
            budgets.noteKept(records);
          }),
      },
      requestLog: createRequestLog(requests, chain),
      usage: sums,
      budgets,
      prices: createPriceRows(requests),
      routes: createRouteRows(requests),
      pulls: createPullRows(requests, chain),
      identity,
      chain,
      audit: createAuditTable({ database: requests, walPath: undefined, chain }),
      createContent: (parts) => createCallContent({ ...parts, database: background, vault, nowMs }),
      createResponses: (parts) => createResponseTable({ ...parts, database: requests, vault, nowMs }),
      createSeals: (parts) => createSharedSeals({ ...parts, database: background, nowMs }),
      checkSeals: (heads) => checkSeals(background, heads),
      vault,
      signingKeys: createSigningKeyTable(requests),
      tickets: createTicketTable(requests, nowMs),
      changes: notices,
      runAlone,
      keyValues: (integration) => createKeyValues(requests, integration),
      dropKeyValues: (integration) => dropKeyValues(requests, integration),
      async close() {
        clearInterval(timer);
        await identity.close();
        await notices.stop();
        await pools.end();
        release();
      },
    };
    return { store, keeper: { pools, notices } };
  } catch (error) {
    await notices.stop();
    await pools.end();
    throw error;
  }
}

/** Of replicas that come to a new database at once, one leaves word of its key, and the others see it. */
function openSharedVault(
  { directory, masterKeys, log }: PostgresStoreOptions,
  { requests, background }: PostgresPools,
): Promise<Vault> {
  return background.transaction().execute(async (transaction) => {
    await lockFor("vault").execute(transaction);
    return openVault({
      table: createPostgresSecrets(requests),
      keyFile: createKeyFile(directory),
      keys: masterKeys,
      log,
      isShared: true,
      // What was replaced stands in PostgreSQL's own log and dead rows, which are not this server's to clear.
      emptyLog: async () => true,
    });
  });
}

/** Without the next month's partition the first batch of that month makes it, and the reports of that moment wait. */
function keepAhead(ledger: PostgresLedger, log: Log): NodeJS.Timeout {
  return setInterval(() => {
    ledger.makeAhead().catch((error: unknown) => log.warn("database.partitions_not_made", { error }));
  }, partitionsEveryMs).unref();
}
