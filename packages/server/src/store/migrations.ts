import { type Kysely, sql } from "kysely";
import type { Migration } from "kysely/migration";
import { budgets } from "./budget-migration.ts";
import { auditChains } from "./chain-migration.ts";
import { content } from "./content-migration.ts";
import { operatorPrices, priceVersions } from "./price-migration.ts";
import { pulls } from "./pull-migration.ts";
import { requestLog } from "./request-log/request-log-migration.ts";
import { responses } from "./responses-migration.ts";
import { coarseRollups, rollups } from "./rollup-migration.ts";
import { routes } from "./route-migration.ts";
import { auditOperations } from "./seal-migration.ts";
import { roles, teams } from "./team-migrations.ts";
import { tickets } from "./ticket-table.ts";

/** The oldest schema: events, key-values and the usage ledger. */
const first: Migration = {
  async up(database) {
    await createEvents(database);
    await createKeyValues(database);
    await createUsageLedger(database);
  },
};

/** Users and API keys. */
const identity: Migration = {
  async up(database) {
    await createUsers(database);
    await createApiKeys(database);
  },
};

/** The audit log, and how far its other sink has come. */
const audit: Migration = {
  async up(database) {
    await createAuditLog(database);
  },
};

/** What is sealed. Rows are sealed and moved here by the vault, for a migration has no key. */
const secrets: Migration = {
  async up(database) {
    await createSecrets(database);
  },
};

/** Passwords, sessions with their refresh tokens, and the keys that access tokens are signed with. */
const login: Migration = {
  async up(database) {
    await createLogin(database);
  },
};

/** Limits of users, and further ones of keys. */
const limits: Migration = {
  async up(database) {
    await addLimits(database, "users", ["requests_per_minute", "tokens_per_minute", "max_concurrent"]);
    await addLimits(database, "api_keys", ["tokens_per_minute", "max_concurrent"]);
  },
};

/** Which change a version must know to work on the database: one row. */
const floor: Migration = {
  async up(database) {
    await database.schema
      .createTable("schema_floor")
      .addColumn("change", "text", (column) => column.primaryKey())
      .execute();
  },
};

/**
 * Every change of the schema by name, in the order of the names, which is that in which every database gets them: a new one
 * has the highest number.
 */
export const migrations: Readonly<Record<string, Migration>> = {
  "0001_first": first,
  "0002_identity": identity,
  "0003_audit": audit,
  "0004_secrets": secrets,
  "0005_login": login,
  "0006_rollups": rollups,
  "0007_limits": limits,
  "0008_prices": priceVersions,
  "0009_audit_chains": auditChains,
  "0010_budgets": budgets,
  "0011_teams": teams,
  "0012_roles": roles,
  "0013_prices_table": operatorPrices,
  "0014_coarse_rollups": coarseRollups,
  "0015_content": content,
  "0016_audit_operations": auditOperations,
  "0017_pulls": pulls,
  "0019_responses": responses,
  "0021_auth_tickets": tickets,
  "0022_request_log": requestLog,
  "0025_schema_floor": floor,
  "0028_routes": routes,
};

/**
 * The newest change that versions without it cannot live with: those that have it still work on the database, whatever was
 * added since. A change that takes away, renames, or wants of every row what older versions do not write, raises it.
 */
export const schemaFloor = "0025_schema_floor";

async function createEvents(database: Kysely<unknown>): Promise<void> {
  await database.schema
    .createTable("events")
    // Ids must never be given twice, also after the oldest and the newest were deleted.
    .addColumn("id", "integer", (column) => column.primaryKey().autoIncrement())
    .addColumn("time", "text", (column) => column.notNull())
    .addColumn("integration", "text", (column) => column.notNull())
    .addColumn("type", "text", (column) => column.notNull())
    .addColumn("data", "text", (column) => column.notNull())
    .execute();
}

export async function createKeyValues(database: Kysely<unknown>): Promise<void> {
  await database.schema
    .createTable("key_values")
    .addColumn("integration", "text", (column) => column.notNull())
    .addColumn("key", "text", (column) => column.notNull())
    .addColumn("value", "text", (column) => column.notNull())
    .addPrimaryKeyConstraint("key_values_primary", ["integration", "key"])
    .execute();
}

async function createUsageLedger(database: Kysely<unknown>): Promise<void> {
  await database.schema
    .createTable("usage_ledger")
    .addColumn("id", "integer", (column) => column.primaryKey())
    .addColumn("attempt_id", "text", (column) => column.notNull())
    .addColumn("started_at_ms", "bigint", (column) => column.notNull())
    .addColumn("principal", "text", (column) => column.notNull())
    .addColumn("operation", "text", (column) => column.notNull())
    .addColumn("requested_model", "text", (column) => column.notNull())
    .addColumn("integration", "text", (column) => column.notNull())
    .addColumn("provider", "text", (column) => column.notNull())
    .addColumn("upstream_model", "text", (column) => column.notNull())
    .addColumn("stream", "integer", (column) => column.notNull())
    .addColumn("duration_ms", "bigint", (column) => column.notNull())
    .addColumn("first_byte_ms", "bigint")
    .addColumn("outcome", "text", (column) => column.notNull())
    .addColumn("http_status", "integer")
    .addColumn("error_code", "text")
    .addColumn("input_tokens", "bigint")
    .addColumn("output_tokens", "bigint")
    .addColumn("cache_read_tokens", "bigint")
    .addColumn("cache_write_tokens", "bigint")
    .addColumn("reasoning_tokens", "bigint")
    .addColumn("usage_source", "text", (column) => column.notNull())
    .addColumn("cost_micros", "bigint")
    .addColumn("currency", "text")
    .execute();
  // An attempt has one start, so this pair is as unique as the attempt alone. With the time in front, the index grows at
  // its end and serves ranges of time too: measured, an insert costs a third of what an index on random ids costs.
  await database.schema
    .createIndex("usage_ledger_attempt")
    .on("usage_ledger")
    .columns(["started_at_ms", "attempt_id"])
    .unique()
    .execute();
}

async function createUsers(database: Kysely<unknown>): Promise<void> {
  await database.schema
    .createTable("users")
    .addColumn("id", "text", (column) => column.primaryKey())
    .addColumn("name", "text", (column) => column.notNull().unique())
    .addColumn("kind", "text", (column) => column.notNull())
    .addColumn("email", "text")
    .addColumn("role", "text", (column) => column.notNull())
    .addColumn("is_active", "integer", (column) => column.notNull())
    .addColumn("created_at_ms", "bigint", (column) => column.notNull())
    .execute();
}

async function createApiKeys(database: Kysely<unknown>): Promise<void> {
  await database.schema
    .createTable("api_keys")
    .addColumn("id", "text", (column) => column.primaryKey())
    .addColumn("name", "text", (column) => column.notNull())
    .addColumn("owner_id", "text")
    .addColumn("scopes", "text", (column) => column.notNull())
    .addColumn("prefix", "text", (column) => column.notNull())
    .addColumn("sha256", "text", (column) => column.notNull().unique())
    .addColumn("previous_sha256", "text")
    .addColumn("previous_expires_at_ms", "bigint")
    .addColumn("requests_per_minute", "integer")
    .addColumn("created_at_ms", "bigint", (column) => column.notNull())
    .addColumn("created_by", "text", (column) => column.notNull())
    .addColumn("expires_at_ms", "bigint")
    .addColumn("last_used_at_ms", "bigint")
    .addColumn("revoked_at_ms", "bigint")
    .execute();
  // A revoked key's name is free again; of those that work no two have the same, for the ledger knows them by it.
  await database.schema
    .createIndex("api_keys_name")
    .on("api_keys")
    .column("name")
    .unique()
    .where(sql.ref("revoked_at_ms"), "is", null)
    .execute();
  await database.schema.createIndex("api_keys_previous").on("api_keys").column("previous_sha256").execute();
  await database.schema.createIndex("api_keys_owner").on("api_keys").column("owner_id").execute();
}

async function createAuditLog(database: Kysely<unknown>): Promise<void> {
  await database.schema
    .createTable("audit_log")
    .addColumn("sequence", "integer", (column) => column.primaryKey())
    .addColumn("time_ms", "bigint", (column) => column.notNull())
    .addColumn("actor_id", "text", (column) => column.notNull())
    .addColumn("actor_name", "text", (column) => column.notNull())
    .addColumn("operation", "text", (column) => column.notNull())
    .addColumn("target_id", "text")
    .addColumn("target_name", "text")
    .addColumn("line", "text", (column) => column.notNull())
    .execute();
  await database.schema
    .createTable("audit_notes")
    .addColumn("sink", "text", (column) => column.primaryKey())
    .addColumn("sequence", "integer", (column) => column.notNull())
    .addColumn("hash", "text", (column) => column.notNull())
    .execute();
}

async function createSecrets(database: Kysely<unknown>): Promise<void> {
  await database.schema
    .createTable("secrets")
    .addColumn("purpose", "text", (column) => column.notNull())
    .addColumn("name", "text", (column) => column.notNull())
    .addColumn("envelope", "text", (column) => column.notNull())
    .addPrimaryKeyConstraint("secrets_primary", ["purpose", "name"])
    .execute();
}

async function createLogin(database: Kysely<unknown>): Promise<void> {
  await database.schema
    .createTable("passwords")
    .addColumn("user_id", "text", (column) => column.primaryKey())
    .addColumn("phc", "text", (column) => column.notNull())
    .addColumn("changed_at_ms", "bigint", (column) => column.notNull())
    .execute();
  await database.schema
    .createTable("sessions")
    .addColumn("id", "text", (column) => column.primaryKey())
    .addColumn("user_id", "text", (column) => column.notNull())
    .addColumn("created_at_ms", "bigint", (column) => column.notNull())
    .addColumn("expires_at_ms", "bigint", (column) => column.notNull())
    .addColumn("revoked_at_ms", "bigint")
    .execute();
  await database.schema.createIndex("sessions_user").on("sessions").column("user_id").execute();
  await database.schema
    .createTable("refresh_tokens")
    .addColumn("sha256", "text", (column) => column.primaryKey())
    .addColumn("session_id", "text", (column) => column.notNull())
    .addColumn("expires_at_ms", "bigint", (column) => column.notNull())
    .addColumn("used_at_ms", "bigint")
    .execute();
  await database.schema
    .createTable("signing_keys")
    .addColumn("id", "text", (column) => column.primaryKey())
    .addColumn("public_jwk", "text", (column) => column.notNull())
    .addColumn("created_at_ms", "bigint", (column) => column.notNull())
    .addColumn("retired_at_ms", "bigint")
    .execute();
}

async function addLimits(
  database: Kysely<unknown>,
  table: string,
  columns: readonly string[],
): Promise<void> {
  // SQLite adds one column at a time.
  for (const column of columns)
    await database.schema.alterTable(table).addColumn(column, "integer").execute();
}
