import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type KeyValues, type Log, PlatformError } from "@llm-platform/kit";
import { Kysely } from "kysely";
import { type ChainHead, onlyChain } from "../core/audit-record.ts";
import { type AuditTable, createAuditTable } from "./audit-table.ts";
import { type BudgetStore, createBudgetStore } from "./budget-store.ts";
import { type ChangeNotices, noReplicas } from "./change-notices.ts";
import { createCheckpointer } from "./checkpointer.ts";
import { type CallContent, type CallContentParts, createCallContent } from "./content/call-content.ts";
import { holdDataDirectory } from "./data-directory.ts";
import { digest } from "./digest.ts";
import { createEventTable, type EventTable } from "./event-table.ts";
import { createIdentity, type Identity } from "./identity.ts";
import { createKeyFile } from "./key-file.ts";
import { createKeyValues, dropKeyValues } from "./key-value-table.ts";
import { SealDrafts } from "../core/seal-drafts.ts";
import { createLedgerTable, type LedgerTable } from "./ledger-table.ts";
import { migrate } from "./migrate.ts";
import { createPriceRows, type PriceRows } from "./price-rows.ts";
import { createPullRows, type PullRows } from "./pull-rows.ts";
import { createRequestLog, type RequestLog } from "./request-log/request-log.ts";
import {
  createResponseTable,
  type ResponseTable,
  type ResponseTableParts,
} from "./responses/response-table.ts";
import { createRouteRows, type RouteRows } from "./route-rows.ts";
import { createRunAlone, type RunAlone } from "./run-alone.ts";
import { createSecretTable } from "./secret-table.ts";
import { createSigningKeyTable, type SigningKeyTable } from "./signing-key-table.ts";
import { createSqliteDialect } from "./sqlite-dialect.ts";
import { isDamage, toStorageError } from "./storage-error.ts";
import { type QueryWatch, toKyselyLog } from "./query-watch.ts";
import type { Tables } from "./tables.ts";
import type { RollupRetention } from "./rollup-horizon.ts";
import { createTicketTable, type TicketTable } from "./ticket-table.ts";
import { createUsageSums, type UsageSums } from "./usage-sums.ts";
import { checkSeals, type SealVerdict } from "./usage-seal-check.ts";
import { createUsageSeals, type UsageSeals, type UsageSealsParts } from "./usage-seals.ts";
import { type MasterKeys, openVault, type Vault } from "./vault.ts";

export interface StoreOptions {
  /** The data folder; made when it is missing, readable by its owner only. */
  readonly directory: string;
  /** How many of the newest events are kept. Default 10,000. */
  readonly keepEvents?: number;
  /** For how long sums of the ledger are kept. Default: by minute 2 days, by hour 90. */
  readonly keepSums?: RollupRetention;
  /** Wall time. Default `Date.now`. */
  readonly nowMs?: () => number;
  /** Default: none, which leaves the key file of the data folder. */
  readonly masterKeys?: MasterKeys;
  /** Default: nobody is told. */
  readonly log?: Log;
  /** Told of each query. Default: nobody is. */
  readonly watchQuery?: QueryWatch;
}

/** Everything that is kept over a restart. */
export interface Store {
  /** Whether other replicas keep their data in it too, so that what is done for all of it is done once. */
  readonly isShared: boolean;
  readonly events: EventTable;
  readonly ledger: LedgerTable;
  readonly requestLog: RequestLog;
  readonly usage: UsageSums;
  readonly budgets: BudgetStore;
  readonly identity: Identity;
  readonly audit: AuditTable;
  readonly vault: Vault;
  readonly signingKeys: SigningKeyTable;
  readonly tickets: TicketTable;
  readonly prices: PriceRows;
  readonly pulls: PullRows;
  readonly routes: RouteRows;
  /** Word of what other replicas change. */
  readonly changes: ChangeNotices;
  /** For what must not be done twice at once, by this server or another replica. */
  readonly runAlone: RunAlone;
  keyValues(integration: string): KeyValues;
  /** Takes all of them away. Rejects with PlatformError `unavailable`. */
  dropKeyValues(integration: string): Promise<void>;
  createContent(parts: Omit<CallContentParts, "database" | "vault" | "nowMs">): CallContent;
  createResponses(parts: Omit<ResponseTableParts, "database" | "vault" | "nowMs">): ResponseTable;
  createSeals(parts: Pick<UsageSealsParts, "audit" | "isHeld">): UsageSeals;
  /** Looks at the ledger by the seals in the audit log, up to these records. Rejects with PlatformError `unavailable`. */
  checkSeals(heads: readonly Pick<ChainHead, "chain" | "sequence">[]): Promise<SealVerdict>;
  /** The chain of the audit log that this server writes. */
  readonly chain: string;
  /** Lets go of the data folder. Nothing of the store may be used after it. */
  close(): Promise<void>;
}

/** How long a statement waits for another process, such as a backup, that holds the database. */
const busyTimeoutMs = 5_000;
/** Length of the log at which a statement itself writes it back, should the checkpointer fail or fall behind. */
const longestLogPages = 20_000;

/**
 * Opens the data folder and brings its schema up to date. The one that has it open is its only server.
 * @throws PlatformError `conflict` when another server uses the folder, a newer version wrote it or a restore into it was cut off,
 * `unavailable` when it cannot be written or its database is damaged, `config_invalid` when its key file holds no key
 */
export async function openStore({
  directory,
  keepEvents = 10_000,
  keepSums = { minuteDays: 2, hourDays: 90 },
  nowMs = Date.now,
  masterKeys = { current: undefined, previous: [] },
  log = silent,
  watchQuery = () => undefined,
}: StoreOptions): Promise<Store> {
  const lock = holdDataDirectory(directory);
  try {
    return await openTables(join(directory, "platform.db"), {
      directory,
      keepEvents,
      keepSums,
      nowMs,
      masterKeys,
      log,
      watchQuery,
      release: () => lock.release(),
    });
  } catch (error) {
    lock.release();
    throw error;
  }
}

async function openTables(
  path: string,
  {
    directory,
    keepEvents,
    keepSums,
    nowMs,
    masterKeys,
    log,
    watchQuery,
    release,
  }: Required<StoreOptions> & { release(): void },
): Promise<Store> {
  const { raw, database } = await openDatabase(path, watchQuery);
  const checkpointer = createCheckpointer(path);
  try {
    const vault = await openVault({
      table: createSecretTable(raw),
      keyFile: createKeyFile(directory),
      keys: masterKeys,
      log,
      emptyLog: () => checkpointer.emptyLog(),
    });
    const runAlone = createRunAlone();
    const identity = await createIdentity({ database, nowMs, changes: noReplicas, runAlone });
    const onWritten = (rows: number) => checkpointer.noteTransaction(rows);
    const usage = await createUsageSums({ raw, database, retention: keepSums, nowMs, onWritten });
    const budgets = createBudgetStore(database);
    const drafts = new SealDrafts(digest);
    const ledger = createLedgerTable({
      raw,
      database,
      walPath: `${path}-wal`,
      onInserted(groups, { inserted, charged }) {
        onWritten(inserted);
        const firstId = usage.roller.noteInserted(groups, inserted);
        if (firstId !== undefined) drafts.note(firstId, groups);
        if (charged.length > 0) budgets.noteRecorded(charged);
      },
    });
    return {
      isShared: false,
      events: createEventTable({ raw, keep: keepEvents, nowMs }),
      ledger,
      requestLog: createRequestLog(database, null),
      usage,
      budgets,
      identity,
      audit: createAuditTable({ database, walPath: `${path}-wal` }),
      vault,
      signingKeys: createSigningKeyTable(database),
      tickets: createTicketTable(database, nowMs),
      prices: createPriceRows(database),
      routes: createRouteRows(database),
      pulls: createPullRows(database, onlyChain),
      changes: noReplicas,
      runAlone,
      keyValues: (integration) => createKeyValues(database, integration),
      dropKeyValues: (integration) => dropKeyValues(database, integration),
      createContent: (parts) => createCallContent({ ...parts, database, vault, nowMs }),
      createResponses: (parts) => createResponseTable({ ...parts, database, vault, nowMs }),
      createSeals: (parts) =>
        createUsageSeals({ ...parts, database, nowMs, drafts, makeDurable: () => ledger.makeDurable() }),
      checkSeals: (heads) => checkSeals(database, heads),
      chain: onlyChain,
      async close() {
        await identity.close();
        await flushQuietly(usage, log);
        await checkpointer.stop();
        await database.destroy();
        release();
      },
    };
  } catch (error) {
    await checkpointer.stop();
    await database.destroy();
    throw error;
  }
}

/** What is not written now is read from the ledger with the next start. */
async function flushQuietly({ roller }: UsageSums, log: Log): Promise<void> {
  try {
    await roller.flush();
  } catch (error) {
    log.warn("usage.sums_not_written", { error });
  }
}

const tellNobody = () => undefined;
const silent: Log = { debug: tellNobody, info: tellNobody, warn: tellNobody, error: tellNobody };

interface OpenedDatabase {
  readonly raw: DatabaseSync;
  readonly database: Kysely<Tables>;
}

async function openDatabase(path: string, watch: QueryWatch): Promise<OpenedDatabase> {
  let raw: DatabaseSync | undefined;
  try {
    raw = new DatabaseSync(path, { timeout: busyTimeoutMs });
    raw.exec(
      `PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON; PRAGMA wal_autocheckpoint = ${longestLogPages}`,
    );
    const database = new Kysely<Tables>({ dialect: createSqliteDialect(raw), log: toKyselyLog(watch) });
    await migrate({ raw, database });
    return { raw, database };
  } catch (error) {
    raw?.close();
    if (isDamage(error)) {
      throw new PlatformError(
        "unavailable",
        `The database ${path} is damaged. Restore it from a backup, or move ${path} (with its -wal and -shm files) away to start with an empty one.`,
        { cause: error },
      );
    }
    throw toStorageError(error);
  }
}
