import type { DatabaseSync } from "node:sqlite";
import { keyIdOf } from "./envelope.ts";
import { guardStorage } from "./storage-error.ts";

/** Which secret: what it is for, and of what. */
export interface SecretName {
  readonly purpose: "integration_config" | "signing_key";
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
 * Everything that is sealed; a secret stands nowhere else. Every member is synchronous and throws PlatformError
 * `unavailable`. What a change replaces is overwritten in the database, and the change is on the disk when it returns.
 */
export interface SecretTable {
  find(secret: SecretName): string | undefined;
  put(row: SecretRow): void;
  remove(secret: SecretName): void;
  /** How many rows are sealed under each key id, leaving out those that are no envelope. */
  countByKey(): ReadonlyMap<string, number>;
  list(): readonly SecretRow[];
  /** Replaces envelopes, all of them or none. Returns how many. */
  replaceAll(reseal: (row: SecretRow) => string | undefined): number;
  hasPlain(): boolean;
  /** Moves what is not sealed into this table, all of it or nothing. Returns how many. */
  sealPlain(seal: (secret: PlainSecret) => string): number;
  /** Writes the database anew, without what was deleted or changed before in it. */
  compact(): void;
}

/** Older versions kept saved configurations with the key-values of the platform itself. */
const plainRows = "FROM key_values WHERE integration = 'platform' AND key >= 'config.' AND key < 'config/'";
const plainPrefix = "config.";

export function createSecretTable(raw: DatabaseSync): SecretTable {
  const find = raw.prepare("SELECT envelope FROM secrets WHERE purpose = ? AND name = ?");
  const listAll = raw.prepare("SELECT purpose, name, envelope FROM secrets ORDER BY purpose, name");
  const put = raw.prepare(
    "INSERT INTO secrets (purpose, name, envelope) VALUES (?, ?, ?) ON CONFLICT (purpose, name) DO UPDATE SET envelope = excluded.envelope",
  );
  const remove = raw.prepare("DELETE FROM secrets WHERE purpose = ? AND name = ?");
  const list = () => guardStorage(() => listAll.all().map(toRow));
  const write = ({ purpose, name, envelope }: SecretRow) => put.run(purpose, name, envelope);

  return {
    find: ({ purpose, name }) =>
      guardStorage(() => {
        const row = find.get(purpose, name);
        return row === undefined ? undefined : String(row["envelope"]);
      }),
    put: (row) => change(raw, () => void write(row)),
    remove: ({ purpose, name }) => change(raw, () => void remove.run(purpose, name)),
    countByKey() {
      const ids = list().flatMap(({ envelope }) => keyIdOf(envelope) ?? []);
      return new Map([...Map.groupBy(ids, (id) => id)].map(([id, rows]) => [id, rows.length]));
    },
    list,
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
    hasPlain: () => guardStorage(() => raw.prepare(`SELECT 1 ${plainRows} LIMIT 1`).get() !== undefined),
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
    compact: () => guardStorage(() => raw.exec("VACUUM")),
  };
}

/** One transaction that leaves nothing of what it replaces, and that a loss of power does not take back. */
function change<Result>(raw: DatabaseSync, action: () => Result): Result {
  return guardStorage(() => {
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
