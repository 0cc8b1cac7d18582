import { type PlatformError, toPlatformError } from "@llm-platform/kit";
import { loadConfig } from "./config/load.ts";
import { readSurroundings } from "./config/surroundings.ts";
import { toPostgresSettings } from "./settings-of.ts";
import { inspectDataDirectory, migrateDataDirectory } from "./store/migrate.ts";
import { inspectPostgres, migratePostgres } from "./store/postgres/migrate-postgres.ts";
import type { SchemaState } from "./store/schema-state.ts";

/** Exit codes of `migrate`: 0 the schema is up to date, 1 it is not or cannot be, 2 the configuration is wrong, 5 no answer. */
const exitCodes = { done: 0, failed: 1, config: 2, unavailable: 5 } as const;

/**
 * Brings the schema of the database that the configuration names up to date. Two at once do it once.
 * @param argv flags of the server
 * @param isCheck looks only
 * @returns how it was before
 * @throws PlatformError `config_invalid`, `conflict` where this version cannot work on the database or a server uses the data
 * folder, and `unavailable`
 */
export async function migrateSchema(argv: readonly string[], isCheck: boolean): Promise<SchemaState> {
  const { config } = loadConfig(readSurroundings(argv));
  const settings = toPostgresSettings(config);
  if (settings !== undefined) return isCheck ? inspectPostgres(settings) : migratePostgres(settings);
  return isCheck ? inspectDataDirectory(config.data_dir) : migrateDataDirectory(config.data_dir);
}

/**
 * `migrate [--check] [--config FILE]` of the server's own program, for images that have no `llmp`.
 * @returns the exit code
 */
export async function runMigrate(argv: readonly string[], write: (line: string) => void): Promise<number> {
  const isCheck = argv.includes("--check");
  try {
    const state = await migrateSchema(
      argv.filter((flag) => flag !== "--check"),
      isCheck,
    );
    for (const line of describeMigration(state, isCheck)) write(line);
    return isCheck && state.pending.length > 0 ? exitCodes.failed : exitCodes.done;
  } catch (thrown) {
    const error = toPlatformError(thrown);
    write(error.code === "internal" ? String(error.cause) : error.message);
    return toExitCode(error);
  }
}

function toExitCode({ code }: PlatformError): number {
  if (code === "config_invalid") return exitCodes.config;
  return code === "unavailable" ? exitCodes.unavailable : exitCodes.failed;
}

/** What was done or is to be done, for people. */
export function describeMigration({ pending, newer }: SchemaState, isCheck: boolean): readonly string[] {
  return [
    ...pending.map((name) => `${isCheck ? "pending" : "made"}: ${name}`),
    ...newer.map((name) => `of a newer version: ${name}`),
    pending.length > 0 && isCheck
      ? "The schema is older than this version. Run it without --check."
      : "The schema is up to date.",
  ];
}
