import { randomBytes } from "node:crypto";
import { type Log, PlatformError, type Secret } from "@llm-platform/kit";
import { nonceBytes, openEnvelope, keyIdOf, type SealedPlace, sealText } from "./envelope.ts";
import type { KeyFile } from "./key-file.ts";
import { KeyRing } from "./key-ring.ts";
import { createMasterKey, type MasterKey, readMasterKey } from "./master-key.ts";
import { countByKey, type SecretName, type SecretRow, type SecretTable } from "./secret-table.ts";

/** The master keys that the configuration gives. */
export interface MasterKeys {
  /** Seals and opens. Undefined: the key file of the data folder. */
  readonly current: Secret | undefined;
  /** Open only. */
  readonly previous: readonly Secret[];
}

/** Where the key that seals comes from. */
export type KeySourceName = "configuration" | "file" | "unseal";

export interface VaultStatus {
  readonly isSealed: boolean;
  readonly source: KeySourceName | undefined;
  readonly keys: readonly {
    readonly id: string;
    /** `current` seals, `previous` opens, `missing` is not here. */
    readonly state: "current" | "previous" | "missing";
    /** Secrets that are sealed under it. */
    readonly secrets: number;
  }[];
}

/**
 * Keeps secrets sealed in the database.
 *
 * It is sealed itself while a secret stands under a master key that it has not: then it reads and writes nothing, and
 * changes nothing, until it is given the key.
 */
export interface Vault {
  readonly isSealed: boolean;
  /** Undefined when there is no such secret. Rejects with PlatformError `sealed`, or `unavailable` for one that was altered. */
  read(secret: SecretName): Promise<string | undefined>;
  /** On the disk when it resolves. Rejects with PlatformError `sealed`, `payload_too_large` or `unavailable`. */
  write(secret: SecretName, text: string): Promise<void>;
  /** Also one that is not there. Rejects with PlatformError `sealed` or `unavailable`. */
  remove(secret: SecretName): Promise<void>;
  /** Names of all secrets that are for this. Rejects with PlatformError `unavailable`. */
  names(purpose: SecretName["purpose"]): Promise<readonly string[]>;
  status(): Promise<VaultStatus>;
  /** Takes a missing master key. Rejects with PlatformError `conflict` when none is missing, `invalid_request` for a wrong one. */
  unseal(text: string): Promise<VaultStatus>;
  /**
   * Puts every secret under a new master key, or those under a key before under the configured one. Whoever reads or
   * writes meanwhile notices nothing, and after a crash at any moment the key file opens everything.
   * @param text the new key; default a random one
   */
  rotate(text?: string): Promise<VaultStatus>;
  /** Resolves when it is not sealed, or not any more. */
  readonly whenUnsealed: Promise<void>;
}

export interface VaultParts {
  readonly table: SecretTable;
  readonly keyFile: KeyFile;
  readonly keys: MasterKeys;
  readonly log: Log;
  /** Whether other servers use the table as well, each with a key file of its own if it is given no key. */
  readonly isShared?: boolean;
  /** Empties the database's log, in which replaced values may still stand. Resolves with whether that worked; never rejects. */
  emptyLog(): Promise<boolean>;
}

const longestBytes = 64 * 1024;
const table = "secrets";
const field = "envelope";

/** Rejects with PlatformError `config_invalid` for a key file that holds no key, and `unavailable`. */
export async function openVault(parts: VaultParts): Promise<Vault> {
  const vault = new SealedVault(parts);
  await vault.open();
  return vault;
}

class SealedVault implements Vault {
  readonly #parts: VaultParts;
  readonly #ring = new KeyRing();
  readonly #unsealed = Promise.withResolvers<void>();
  #source: KeySourceName | undefined;
  #isSealed = true;
  #isRotating = false;
  /** What was begun last: each waits for the one before, so that none meets a rotation half-way. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(parts: VaultParts) {
    this.#parts = parts;
  }

  async open(): Promise<void> {
    const { keys, keyFile } = this.#parts;
    for (const key of keys.previous) this.#ring.add(readMasterKey(key.reveal(), "previous_master_keys"));
    const previous = keyFile.readPrevious();
    if (previous !== undefined) this.#ring.add(previous);
    const filed = keyFile.read();
    if (keys.current !== undefined) {
      if (filed !== undefined) this.#ring.add(filed);
      this.#makeCurrent(readMasterKey(keys.current.reveal(), "master_key"), "configuration");
    } else if (filed !== undefined) this.#makeCurrent(filed, "file");
    else if ((await this.#missing()).length === 0) this.#makeCurrent(this.#fileNewKey(), "file");
    await this.#settle();
    if (this.#parts.isShared === true && !this.#isSealed) await this.#leaveCheck();
  }

  get isSealed(): boolean {
    return this.#isSealed;
  }

  get whenUnsealed(): Promise<void> {
    return this.#unsealed.promise;
  }

  read(secret: SecretName): Promise<string | undefined> {
    return this.#inTurn(async () => {
      this.#requireKey();
      const envelope = await this.#parts.table.find(secret);
      return envelope === undefined ? undefined : this.#open({ ...secret, envelope });
    });
  }

  write(secret: SecretName, text: string): Promise<void> {
    return this.#inTurn(async () => {
      const key = this.#requireKey();
      if (Buffer.byteLength(text) > longestBytes)
        throw new PlatformError(
          "payload_too_large",
          `The secret ${secret.purpose} of ${secret.name} has more than ${longestBytes} bytes.`,
        );
      await this.#parts.table.put({ ...secret, envelope: seal(key, secret, text) });
    });
  }

  remove(secret: SecretName): Promise<void> {
    return this.#inTurn(async () => {
      this.#requireKey();
      await this.#parts.table.remove(secret);
    });
  }

  async names(purpose: SecretName["purpose"]): Promise<readonly string[]> {
    const rows = await this.#parts.table.list();
    return rows.filter((row) => row.purpose === purpose).map(({ name }) => name);
  }

  status(): Promise<VaultStatus> {
    return this.#inTurn(() => this.#status());
  }

  unseal(text: string): Promise<VaultStatus> {
    return this.#inTurn(async () => {
      if (!this.#isSealed) throw new PlatformError("conflict", "No master key is missing.");
      const key = readMasterKey(text, "master_key");
      const rows = (await this.#parts.table.list()).filter(({ envelope }) => keyIdOf(envelope) === key.id);
      if (!rows.some((row) => opens(key, row)))
        throw new PlatformError(
          "invalid_request",
          `This is the master key ${key.id}; missing is ${(await this.#missing()).join(", ")}.`,
          { field: "master_key" },
        );
      if (this.#ring.current === undefined) this.#makeCurrent(key, "unseal");
      else this.#ring.add(key);
      await this.#settle();
      return this.#status();
    });
  }

  async rotate(text?: string): Promise<VaultStatus> {
    this.#requireKey();
    if (this.#isRotating) throw new PlatformError("conflict", "A rotation is under way. Wait for its end.");
    this.#isRotating = true;
    try {
      return await this.#inTurn(() => this.#rotate(text));
    } finally {
      this.#isRotating = false;
    }
  }

  #inTurn<Result>(action: () => Promise<Result>): Promise<Result> {
    const turn = this.#turn.then(action);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #status(): Promise<VaultStatus> {
    const counts = countByKey(await this.#parts.table.list());
    const ids = new Set([...this.#ring.ids, ...counts.keys()]);
    return {
      isSealed: this.#isSealed,
      source: this.#source,
      keys: [...ids].map((id) => ({ id, state: this.#stateOf(id), secrets: counts.get(id) ?? 0 })),
    };
  }

  async #rotate(text: string | undefined): Promise<VaultStatus> {
    if (this.#source === "file" && this.#parts.isShared === true)
      throw new PlatformError("conflict", sharedFile);
    if (this.#source === "unseal" || (this.#source === "configuration" && text !== undefined))
      throw new PlatformError("conflict", elsewhere);
    // What a rotation before left undone comes first, so that no key is given up that still opens something.
    const undone = await this.#reseal();
    const resealed = undone + (this.#source === "file" ? await this.#replaceKey(text) : 0);
    await this.#emptyLog();
    await this.#forgetPrevious();
    this.#parts.log.info("secrets.rotated", { key_id: this.#ring.current?.id, secrets: resealed });
    return this.#status();
  }

  /** One secret from the start on: by it a server with another key sees that it lacks the right one, before it seals anything. */
  async #leaveCheck(): Promise<void> {
    const check = { purpose: "key_check", name: "vault" } as const;
    if ((await this.#parts.table.find(check)) !== undefined) return;
    await this.#parts.table.put({ ...check, envelope: seal(this.#requireKey(), check, "") });
  }

  /** Makes another key the one that seals: first on the disk beside the one before, then in the database. */
  async #replaceKey(text: string | undefined): Promise<number> {
    const { keyFile, table: secrets } = this.#parts;
    const before = this.#requireKey();
    const next = text === undefined ? createMasterKey() : readMasterKey(text, "master_key");
    if (next.id === before.id)
      throw new PlatformError("invalid_request", "This is the master key in use. Give another, or none.", {
        field: "master_key",
      });
    // One that was altered stops the rotation here, before anything has changed.
    for (const row of await secrets.list()) this.#open(row);
    keyFile.writePrevious(before);
    keyFile.write(next);
    this.#makeCurrent(next, "file");
    return this.#reseal();
  }

  /** The key before is needed no more once every secret stands under the current one. */
  async #forgetPrevious(): Promise<void> {
    const { keyFile, table: secrets, keys } = this.#parts;
    const current = this.#requireKey();
    if ([...countByKey(await secrets.list()).keys()].some((id) => id !== current.id)) return;
    if (this.#source === "file") keyFile.dropPrevious();
    const configured = new Set(
      keys.previous.map((key) => readMasterKey(key.reveal(), "previous_master_keys").id),
    );
    for (const id of this.#ring.ids) if (!configured.has(id)) this.#ring.forget(id);
  }

  /** Finds out whether it is sealed, and when it is not, finishes what is to be done. */
  async #settle(): Promise<void> {
    const { log } = this.#parts;
    const missing = await this.#missing();
    this.#isSealed = missing.length > 0;
    if (this.#isSealed) {
      log.error("secrets.sealed", { missing_key_ids: missing });
      return;
    }
    const sealed = await this.#sealPlainOrStay();
    try {
      const resealed = await this.#reseal();
      if (resealed > 0) log.info("secrets.resealed", { key_id: this.#ring.current?.id, secrets: resealed });
      if (sealed + resealed > 0) void this.#emptyLog();
      await this.#forgetPrevious();
    } catch (error) {
      // Every key is here, so each secret that is whole can be read; the next start or rotation tries again.
      log.error("secrets.reseal_failed", { error });
    }
    this.#unsealed.resolve();
  }

  /** Nothing begins while something is left unsealed. */
  async #sealPlainOrStay(): Promise<number> {
    try {
      return await this.#sealPlain();
    } catch (error) {
      this.#isSealed = true;
      throw error;
    }
  }

  /** Resolves with how many. */
  async #sealPlain(): Promise<number> {
    const { table: secrets, log } = this.#parts;
    if (!(await secrets.hasPlain())) return 0;
    log.info("secrets.sealing_plain", {
      note: "The database is written anew once, which takes a while for a large one.",
    });
    try {
      await secrets.compact();
    } catch (error) {
      log.warn("secrets.database_not_compacted", { error });
    }
    const key = this.#requireKey();
    const sealed = await secrets.sealPlain((secret) => seal(key, secret, secret.text));
    log.info("secrets.sealed_plain", { secrets: sealed });
    return sealed;
  }

  async #emptyLog(): Promise<void> {
    if (!(await this.#parts.emptyLog())) this.#parts.log.warn("secrets.database_log_not_emptied");
  }

  /** Puts what stands under other keys under the current one. Resolves with how many. */
  async #reseal(): Promise<number> {
    const key = this.#requireKey();
    return this.#parts.table.replaceAll((row) =>
      keyIdOf(row.envelope) === key.id ? undefined : seal(key, row, this.#open(row)),
    );
  }

  #open(row: SecretRow): string {
    return openEnvelope(row.envelope, { findKey: (id) => this.#ring.find(id), place: placeOf(row) });
  }

  #makeCurrent(key: MasterKey, source: KeySourceName): void {
    this.#ring.makeCurrent(key);
    this.#source = source;
  }

  #fileNewKey(): MasterKey {
    const { keyFile, log } = this.#parts;
    const key = createMasterKey();
    keyFile.write(key);
    log.info("secrets.key_file_made", { path: keyFile.path, key_id: key.id });
    return key;
  }

  #requireKey(): MasterKey {
    const key = this.#ring.current;
    if (key !== undefined && !this.#isSealed) return key;
    throw new PlatformError("sealed", sealedMessage);
  }

  async #missing(): Promise<readonly string[]> {
    return [...countByKey(await this.#parts.table.list()).keys()].filter(
      (id) => this.#ring.find(id) === undefined,
    );
  }

  #stateOf(id: string): VaultStatus["keys"][number]["state"] {
    if (this.#ring.find(id) === undefined) return "missing";
    return id === this.#ring.current?.id ? "current" : "previous";
  }
}

/** What every caller is told while a master key is missing. */
export const sealedMessage =
  "The server has secrets that are sealed under a master key which it was not given. An admin can restore the key file, set LLM_PLATFORM_SECRETS__MASTER_KEY and restart, or use `llmp secrets unseal`.";

const elsewhere =
  "The master key does not come from the key file. Start the server with the new key as secrets.master_key and the one before in secrets.previous_master_keys.";

const sharedFile =
  "Several servers may use this database, and a new key file would be on one of them. Set secrets.master_key on all of them: first with the key of master.key, then with a new one and the one before in secrets.previous_master_keys.";

function seal(key: MasterKey, secret: { readonly purpose: string; readonly name: string }, text: string) {
  return sealText(text, { key, place: placeOf(secret), nonce: randomBytes(nonceBytes) });
}

function placeOf({ purpose, name }: { readonly purpose: string; readonly name: string }): SealedPlace {
  return { table, field, purpose, name };
}

function opens(key: MasterKey, row: SecretRow): boolean {
  try {
    openEnvelope(row.envelope, { findKey: () => key, place: placeOf(row) });
    return true;
  } catch {
    // What went wrong is no news: whoever asks wants to know whether this is the key.
    return false;
  }
}
