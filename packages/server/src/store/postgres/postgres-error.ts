import { PlatformError } from "@llm-platform/kit";

/** Classes of SQLSTATE that say that the server, and not the statement, is at fault. */
const outageClasses = ["08", "53", "57", "58"];
/** What no waiting mends, by SQLSTATE. */
const refusals: Readonly<Record<string, string>> = {
  "28P01": "PostgreSQL does not take the user's password. Check the user and the password in DATABASE_URL.",
  "28000":
    "PostgreSQL does not let the user in. Check the user in DATABASE_URL, and pg_hba.conf of the server.",
  "3D000":
    "PostgreSQL has no database of that name. Make it with createdb, or correct the name in DATABASE_URL.",
  "42501": "The user of DATABASE_URL may not do that in the database. Make it the owner of the database.",
};
const sentences: Readonly<Record<string, string>> = {
  "57014": "The database took too long. Look at what it is busy with.",
  "55P03": "The database took too long: others hold a lock. Look at what it is busy with.",
  "25006": "The database is read-only: DATABASE_URL leads to a standby. It must lead to the primary.",
  "53100":
    "The database could not be written: its disk is full. Free some space there; nothing needs a restart.",
  "53300": "The database takes no more connections. Raise its max_connections, or lower database.pool_size.",
  "22003": "A number is too large for the database.",
};

/** What PostgreSQL or the way to it threw, worded for callers. It never names the password. */
export function toPostgresError(error: unknown): PlatformError {
  if (error instanceof PlatformError) return error;
  const code = sqlStateOf(error);
  if (code === undefined)
    return new PlatformError(
      "unavailable",
      `The database does not answer (${reasonOf(error)}). Look whether PostgreSQL runs, and whether it can be reached from here.`,
      { cause: error },
    );
  const message = refusals[code] ?? sentences[code];
  const fallback = isOutage(error)
    ? `The database does not answer now (SQLSTATE ${code}). Look at the log of PostgreSQL.`
    : `The database refused a statement (SQLSTATE ${code}). The log has the reason.`;
  return new PlatformError("unavailable", message ?? fallback, { cause: error });
}

/** Why no waiting will help, or undefined when it may. */
export function refusalOf(error: unknown): string | undefined {
  const code = sqlStateOf(error instanceof PlatformError ? error.cause : error);
  return code === undefined ? undefined : refusals[code];
}

/** Whether the server or the way to it is at fault, so that the next statement would fail as well. */
export function isOutage(error: unknown): boolean {
  const code = sqlStateOf(error);
  return code === undefined || outageClasses.includes(code.slice(0, 2));
}

/** Five characters from the server; undefined for what did not come from it. */
function sqlStateOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error) || typeof error.code !== "string") return undefined;
  return /^[0-9A-Z]{5}$/.test(error.code) && "severity" in error ? error.code : undefined;
}

/** The system's word for it, such as ECONNREFUSED; of several addresses the first one's. */
function reasonOf(error: unknown): string {
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error;
  if (first instanceof Error && "code" in first && typeof first.code === "string") return first.code;
  return first instanceof Error ? first.message : "unknown";
}
