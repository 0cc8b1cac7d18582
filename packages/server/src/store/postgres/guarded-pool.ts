import type { PostgresPool, PostgresPoolClient } from "kysely";
import { Pool, type PoolClient, type PoolConfig } from "pg";
import { PlatformError } from "@llm-platform/kit";
import type { Outage } from "./outage.ts";
import { isOutage, toPostgresError } from "./postgres-error.ts";

export interface GuardedPoolParts {
  readonly options: PoolConfig;
  readonly connections: number;
  /** How long a statement may take. */
  readonly timeoutMs: number;
  readonly outage: Outage;
}

/** Connections of one kind. Everything rejects with PlatformError `unavailable`, within the time that it may take. */
export interface GuardedPool extends PostgresPool {
  /** How many there are, and how many do nothing; `waiting` are those who want one. */
  figures(): { readonly open: number; readonly idle: number; readonly waiting: number };
  /** Opens new connections for what comes, and closes those before as they come back. */
  renew(): void;
}

/** The server ends a statement first, so that its connection can be used on; this is for a server that is silent. */
const graceMs = 250;

export function createGuardedPool(parts: GuardedPoolParts): GuardedPool {
  const { connections, timeoutMs, outage } = parts;
  const options = { ...parts.options, max: connections, statement_timeout: timeoutMs };
  let pool = createPool(options);

  return {
    options,
    async connect() {
      outage.require();
      try {
        return guardClient(await pool.connect(), timeoutMs, outage);
      } catch (thrown) {
        const error = toPostgresError(thrown);
        outage.note(error);
        throw error;
      }
    },
    figures: () => ({ open: pool.totalCount, idle: pool.idleCount, waiting: pool.waitingCount }),
    renew() {
      const before = pool;
      pool = createPool(options);
      void before.end();
    },
    end: () => pool.end(),
  };
}

function createPool(options: PoolConfig): Pool {
  const pool = new Pool(options);
  // Whoever uses a connection that breaks is told by its statement; of an idle one nobody needs to know.
  pool.on("error", () => undefined);
  pool.on("connect", (client) => client.on("error", () => undefined));
  return pool;
}

function guardClient(client: PoolClient, timeoutMs: number, outage: Outage): PostgresPoolClient {
  const state = { isBroken: false };

  async function run(sql: string, parameters: readonly unknown[]) {
    if (state.isBroken) throw new PlatformError("unavailable", "The connection to the database is lost.");
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      state.isBroken = true;
      late.reject(new Error(`no answer within ${timeoutMs} ms`));
    }, timeoutMs + graceMs);
    try {
      const result = await Promise.race([client.query(sql, parameters.map(toStorable)), late.promise]);
      outage.note(undefined);
      return result;
    } catch (thrown) {
      const error = toPostgresError(thrown);
      outage.note(isOutage(thrown) ? error : undefined);
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  return {
    // Kysely hands over cursors for streams alone, and there are none here.
    query: (sql: unknown, parameters?: readonly unknown[]) => run(String(sql), parameters ?? []) as never,
    release: (isDiscarded) => client.release(isDiscarded === true || state.isBroken),
  };
}

/** PostgreSQL keeps no NUL in a text; SQLite does, so that one may come here from wherever a name came from. */
function toStorable(value: unknown): unknown {
  return typeof value === "string" && value.includes("\0") ? toStorableText(value) : value;
}

/** The text as PostgreSQL can keep it. */
export function toStorableText(text: string): string {
  return text.toWellFormed().replaceAll("\0", "\ufffd");
}
