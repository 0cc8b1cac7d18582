import type { Log } from "@llm-platform/kit";
import { Kysely, PostgresDialect } from "kysely";
import { type QueryWatch, toKyselyLog } from "../query-watch.ts";
import { Client } from "pg";
import type { Tables } from "../tables.ts";
import { toClientOptions } from "./client-options.ts";
import { createGuardedPool, type GuardedPool } from "./guarded-pool.ts";
import { createOutage, type Outage } from "./outage.ts";
import { toPostgresError } from "./postgres-error.ts";
import type { PostgresSettings } from "./settings.ts";

/** The connections to PostgreSQL. What nobody waits for has its own, so that it never holds up a request. */
export interface PostgresPools {
  /** For what requests wait for. */
  readonly requests: Kysely<Tables>;
  /** For the ledger, its sums, events, and whatever may run for long. */
  readonly background: Kysely<Tables>;
  readonly outage: Outage;
  figures(): ReturnType<GuardedPool["figures"]>;
  /** Opens all connections anew. What runs on those before ends there. */
  renew(): void;
  end(): Promise<void>;
}

const backgroundConnections = 4;

/** Connects to nothing yet. */
export function createPools(
  settings: PostgresSettings,
  log: Log,
  watch: QueryWatch = () => undefined,
): PostgresPools {
  const options = toClientOptions(settings);
  const outage = createOutage({
    probe: () => probeDatabase(settings),
    onChange(error) {
      if (error === undefined) log.info("database.back");
      else log.error("database.gone", { error });
    },
  });
  const requestPool = createGuardedPool({
    options,
    connections: settings.poolSize,
    timeoutMs: settings.requestTimeoutMs,
    outage,
  });
  const backgroundPool = createGuardedPool({
    options,
    connections: backgroundConnections,
    timeoutMs: settings.backgroundTimeoutMs,
    outage,
  });
  const open = (pool: typeof requestPool) =>
    new Kysely<Tables>({ dialect: new PostgresDialect({ pool }), log: toKyselyLog(watch) });
  const requests = open(requestPool);
  const background = open(backgroundPool);
  return {
    requests,
    background,
    outage,
    figures() {
      const [one, other] = [requestPool.figures(), backgroundPool.figures()];
      return {
        open: one.open + other.open,
        idle: one.idle + other.idle,
        waiting: one.waiting + other.waiting,
      };
    },
    renew() {
      requestPool.renew();
      backgroundPool.renew();
    },
    async end() {
      outage.stop();
      await Promise.all([requests.destroy(), background.destroy()]);
    },
  };
}

/** Asks the database for nothing, on a connection of its own. Rejects with PlatformError `unavailable`. */
export async function probeDatabase(settings: PostgresSettings): Promise<void> {
  const client = new Client({
    ...toClientOptions(settings),
    statement_timeout: settings.requestTimeoutMs,
    query_timeout: settings.requestTimeoutMs,
  });
  client.on("error", () => undefined);
  try {
    await client.connect();
    await client.query("SELECT 1");
  } catch (error) {
    throw toPostgresError(error);
  } finally {
    // One that never connected, or is silent, is closed without a word from the other side.
    void client.end().catch(() => undefined);
  }
}
