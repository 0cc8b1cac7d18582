import { type ClientConfig, types } from "pg";
import type { DatabaseAddress } from "../../core/database-url.ts";
import type { PostgresSettings } from "./settings.ts";

const int8 = 20;
const numeric = 1_700;
const keepAliveMs = 10_000;

/** What every connection has alike. */
export function toClientOptions({ address, authorities, connectTimeoutMs }: PostgresSettings): ClientConfig {
  return {
    host: address.host,
    port: address.port,
    user: address.user,
    database: address.database,
    ...(address.password === undefined ? {} : { password: address.password }),
    ssl: toTlsOptions(address, authorities),
    application_name: "llm-platform",
    connectionTimeoutMillis: connectTimeoutMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: keepAliveMs,
    types: { getTypeParser },
  };
}

/** As libpq has it: `require` takes any certificate unless authorities are named. */
function toTlsOptions({ host, tls }: DatabaseAddress, authorities: string | undefined): ClientConfig["ssl"] {
  if (tls === "disable") return false;
  const isChecked = tls !== "require" || authorities !== undefined;
  return {
    servername: host,
    rejectUnauthorized: isChecked,
    ...(authorities === undefined ? {} : { ca: authorities }),
    ...(tls === "verify-full" ? {} : { checkServerIdentity: () => undefined }),
  };
}

/** Numbers as numbers, and sums too: everything that the platform counts is far below 2^53. */
function getTypeParser(type: number, format?: "text" | "binary") {
  return type === int8 || type === numeric ? Number : types.getTypeParser(type, format ?? "text");
}
