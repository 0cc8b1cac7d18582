import type { DatabaseSync } from "node:sqlite";
import { keyIdOf } from "./envelope.ts";
import { guardStorageLater } from "./storage-error.ts";

/** Which secret: what it is for, and of what. */
export interface SecretName {
  readonly purpose: "integration_config" | "added_integration" | "signing_key" | "key_check" | "content_key";
  readonly name: string;
}

/** A secret as it stands in the table. */
export interface SecretRow {
  readonly purpose: string;
  readonly name: string;
  readonly envelope: string;
}

/** A secret that an older version left unsealed. */
export interface PlainSecret extends SecretName {
  readonly text: string;
}

/**
 * Everything that is sealed; a secret stands nowhere else. Every member rejects with PlatformError `unavailable`, and
 * is called when the one before is done. A change is on the disk when it resolves.
 */
export interface SecretTable {
  find(secret: SecretName): Promise<string | undefined>;
  put(row: SecretRow): Promise<void>;
  remove(secret: SecretName): Promise<void>;
  list(): Promise<readonly SecretRow[]>;
  /** Replaces envelopes, all of them or none. Resolves with how many. */
  replaceAll(reseal: (row: SecretRow) => string | undefined): Promise<number>;
  hasPlain(): Promise<boolean>;
  /** Moves what is not sealed into this table, all of it or nothing. Resolves with how many. */
  sealPlain(seal: (secret: PlainSecret) => string): Promise<number>;
  /** Writes the database anew, without what was deleted or changed before in it. */
  compact(): Promise<void>;
}

/** How many rows are sealed under each key id, leaving out those that are no envelope. */
export function countByKey(rows: readonly SecretRow[]): ReadonlyMap<string, number> {
  const ids = rows.flatMap(({ envelope }) => keyIdOf(envelope) ?? []);
  return new Map([...Map.groupBy(ids, (id) => id)].map(([id, under]) => [id, under.length]));
}

/** Older versions kept saved configurations with the key-values of the platform itself. */
const plainRows = "FROM key_values WHERE integration = 'platform' AND key >= 'config.' AND key < 'config/'";
const plainPrefix = "config.";

/** Secrets in SQLite. What a change replaces is overwritten in the database. */
export function createSecretTable(raw: DatabaseSync): SecretTable {
  const find = raw.prepare("SELECT envelope FROM secrets WHERE purpose = ? AND name = ?");
  const listAll = raw.prepare("SELECT purpose, name, envelope FROM secrets ORDER BY purpose, name");
  const put = raw.prepare(
    "INSERT INTO secrets (purpose, name, envelope) VALUES (?, ?, ?) ON CONFLICT (purpose, name) DO UPDATE SET envelope = excluded.envelope",
  );
  const remove = raw.prepare("DELETE FROM secrets WHERE purpose = ? AND name = ?");
  const list = () => listAll.all().map(toRow);
  const write = ({ purpose, name, envelope }: SecretRow) => put.run(purpose, name, envelope);

  return {
    find: ({ purpose, name }) =>
      guardStorageLater(async () => {
        const row = find.get(purpose, name);
        return row === undefined ? undefined : String(row["envelope"]);
      }),
    put: (row) => change(raw, () => void write(row)),
    remove: ({ purpose, name }) => change(raw, () => void remove.run(purpose, name)),
    list: () => guardStorageLater(async () => list()),
    replaceAll: (reseal) =>
      change(raw, () => {
        let replaced = 0;
        for (const row of list()) {
          const envelope = reseal(row);
          if (envelope === undefined) continue;
          write({ ...row, envelope });
          replaced++;
        }
        return replaced;
      }),
    hasPlain: () =>
      guardStorageLater(async () => raw.prepare(`SELECT 1 ${plainRows} LIMIT 1`).get() !== undefined),
    sealPlain: (seal) =>
      change(raw, () => {
        const rows = raw.prepare(`SELECT key, value ${plainRows}`).all();
        for (const row of rows) {
          const secret = {
            purpose: "integration_config" as const,
            name: String(row["key"]).slice(plainPrefix.length),
          };
          write({ ...secret, envelope: seal({ ...secret, text: String(row["value"]) }) });
        }
        raw.exec(`DELETE ${plainRows}`);
        return rows.length;
      }),
    compact: () => guardStorageLater(async () => raw.exec("VACUUM")),
  };
}

/** One transaction that leaves nothing of what it replaces, and that a loss of power does not take back. */
function change<Result>(raw: DatabaseSync, action: () => Result): Promise<Result> {
  return guardStorageLater(async () => {
    const before = { secureDelete: pragma(raw, "secure_delete"), synchronous: pragma(raw, "synchronous") };
    raw.exec("PRAGMA secure_delete = ON; PRAGMA synchronous = FULL; BEGIN IMMEDIATE");
    try {
      const result = action();
      raw.exec("COMMIT");
      return result;
    } catch (error) {
      // A full disk makes SQLite roll back by itself.
      if (raw.isTransaction) raw.exec("ROLLBACK");
      throw error;
    } finally {
      raw.exec(`PRAGMA secure_delete = ${before.secureDelete}; PRAGMA synchronous = ${before.synchronous}`);
    }
  });
}

function pragma(raw: DatabaseSync, name: "secure_delete" | "synchronous"): number {
  return Number(raw.prepare(`PRAGMA ${name}`).get()?.[name]);
}

function toRow(row: Readonly<Record<string, unknown>>): SecretRow {
  return {
    purpose: String(row["purpose"]),
    name: String(row["name"]),
    envelope: String(row["envelope"]),
  };
}
