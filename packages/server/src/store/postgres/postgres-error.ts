import { PlatformError } from "@llm-platform/kit";
import { takenError } from "../taken-error.ts";

const taken = "23505";
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

const untrusted =
  "The certificate of PostgreSQL comes from an authority that is not trusted here. Name a file with the authority's certificate in database.ca_file, or as sslrootcert in DATABASE_URL.";
const outOfDate =
  "The certificate of PostgreSQL is not valid now. Renew it there, and look at the clocks of both.";
/** What Node says of a certificate, and what pg says of a server that has none. */
const tlsSentences: Readonly<Record<string, string>> = {
  ERR_TLS_CERT_ALTNAME_INVALID:
    "The certificate of PostgreSQL is for another host than the one in DATABASE_URL. Name the server as its certificate does, or give it a certificate for that name.",
  SELF_SIGNED_CERT_IN_CHAIN: untrusted,
  DEPTH_ZERO_SELF_SIGNED_CERT: untrusted,
  UNABLE_TO_GET_ISSUER_CERT: untrusted,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrusted,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrusted,
  CERT_SIGNATURE_FAILURE: untrusted,
  CERT_HAS_EXPIRED: outOfDate,
  CERT_NOT_YET_VALID: outOfDate,
  "The server does not support SSL connections":
    "PostgreSQL takes no connections by TLS. Turn on ssl there, or say sslmode=disable in DATABASE_URL where nobody can listen on the way.",
};

/**
 * What PostgreSQL or the way to it threw, worded for callers: `conflict` for what is there already, else `unavailable`. It
 * never names the password.
 */
export function toPostgresError(error: unknown): PlatformError {
  if (error instanceof PlatformError) return error;
  const code = sqlStateOf(error);
  if (code === undefined) {
    const reason = reasonOf(error);
    const message = `The database does not answer (${reason}). Look whether PostgreSQL runs, and whether it can be reached from here.`;
    return new PlatformError("unavailable", tlsSentences[reason] ?? message, { cause: error });
  }
  if (code === taken) return takenError(takenColumnsOf(error), error);
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

/** From the detail `Key (name)=(x) already exists.`, in whatever language it is. */
function takenColumnsOf(error: unknown): readonly string[] {
  if (!(error instanceof Error) || !("detail" in error) || typeof error.detail !== "string") return [];
  return /\(([^)]*)\)=/.exec(error.detail)?.[1]?.split(", ") ?? [];
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
