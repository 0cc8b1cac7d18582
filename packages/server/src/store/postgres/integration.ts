import {
  defineIntegration,
  type Health,
  type Instruments,
  type IntegrationDefinition,
} from "@llm-platform/kit";
import { sql } from "kysely";
import { noSettings } from "../../core/no-settings.ts";
import { newerChanges } from "../schema-state.ts";
import { measureDatabase } from "./measure-database.ts";
import { readApplied } from "./migrate-postgres.ts";
import type { PostgresKeeper } from "./postgres-store.ts";
import { toPostgresError } from "./postgres-error.ts";
import { postgresMigrations } from "./schema.ts";

/**
 * The database as an integration: its health is that it answers and can be written, and a restart opens its connections
 * anew.
 */
export function createPostgresIntegration(keeper: PostgresKeeper): IntegrationDefinition<object> {
  return defineIntegration<object>({
    contract: 1,
    id: "postgres",
    type: "service",
    summary: "The PostgreSQL database that holds the platform's state.",
    settings: noSettings,
    metrics: [
      { name: "round_trip_seconds", type: "gauge", help: "How long the last probe waited for an answer." },
      {
        name: "connections",
        type: "gauge",
        help: "Connections of this server: all that are open, those that are idle, and callers that wait for one.",
        labels: ["state"],
      },
      { name: "database_bytes", type: "gauge", help: "Size of the database on its disk." },
      { name: "listening", type: "gauge", help: "1 while changes of other replicas are heard, else 0." },
      { name: "probe_failures_total", type: "counter", help: "Probes that the database did not answer." },
    ],
    async start({ metrics }) {
      return {
        health: () => probe(keeper, metrics),
        stop: async () => keeper.pools.renew(),
      };
    },
  });
}

async function probe({ pools, notices }: PostgresKeeper, metrics: Instruments): Promise<Health> {
  const connections = pools.figures();
  for (const [state, count] of Object.entries(connections)) metrics.set("connections", count, { state });
  metrics.set("listening", notices.isListening ? 1 : 0);
  try {
    const startedAtMs = performance.now();
    const isReadOnly = await findReadOnly(pools);
    metrics.set("round_trip_seconds", (performance.now() - startedAtMs) / 1_000);
    metrics.set("database_bytes", await measureDatabase(pools));
    if (isReadOnly)
      return { status: "failed", detail: "The database is read-only: DATABASE_URL leads to a standby." };
    const newer = newerChanges(await readApplied(pools.background), Object.keys(postgresMigrations));
    return judge({ newer, isListening: notices.isListening, waiting: connections.waiting });
  } catch (error) {
    metrics.add("probe_failures_total", 1);
    return { status: "failed", detail: toPostgresError(error).message };
  }
}

function judge(facts: {
  readonly newer: readonly string[];
  readonly isListening: boolean;
  readonly waiting: number;
}): Health {
  const degraded = (detail: string): Health => ({ status: "degraded", detail });
  if (facts.newer.length > 0)
    return degraded(
      `A newer version has changed the schema (${facts.newer.join(", ")}). Bring this server up to date.`,
    );
  if (!facts.isListening)
    return degraded("Changes of other replicas are not heard at once, but within half a minute.");
  if (facts.waiting > 0)
    return degraded(`${facts.waiting} callers wait for a connection. Raise database.pool_size.`);
  return { status: "ok" };
}

async function findReadOnly({ requests }: PostgresKeeper["pools"]): Promise<boolean> {
  const { rows } = await sql<{ readonly read_only: string }>`
    SELECT current_setting('transaction_read_only') AS read_only`.execute(requests);
  return rows[0]?.read_only === "on";
}
