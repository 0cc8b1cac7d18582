import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Secret } from "@llm-platform/kit";
import { createMasterKey } from "./master-key.ts";
import { openStore, type Store } from "./store.ts";
import type { MasterKeys, Vault } from "./vault.ts";

export const canary = "CANARY-4f1d9c-sk-secret";
export const office = { purpose: "integration_config", name: "office" } as const;
export const home = { purpose: "integration_config", name: "home" } as const;

/** A folder for one test, with stores that are opened on data folders in it. */
export class VaultFolder {
  readonly root = mkdtempSync(join(tmpdir(), "vault-"));
  readonly data = join(this.root, "data");
  readonly keyFile = join(this.data, "master.key");
  /** What was logged. */
  readonly told: { readonly event: string; readonly fields: unknown }[] = [];
  readonly #stores: Store[] = [];

  get log() {
    const tell = (event: string, fields?: unknown) => void this.told.push({ event, fields });
    return { debug: tell, info: tell, warn: tell, error: tell };
  }

  async open(masterKeys?: MasterKeys, directory = this.data): Promise<Vault> {
    const keys = masterKeys === undefined ? {} : { masterKeys };
    const store = await openStore({ directory, log: this.log, ...keys });
    this.#stores.push(store);
    return store.vault;
  }

  async closeAll(): Promise<void> {
    for (const store of this.#stores.splice(0)) await store.close();
  }

  async remove(): Promise<void> {
    await this.closeAll();
    rmSync(this.root, { recursive: true });
  }

  /** Acts on the database as somebody would who has the file. */
  tamper(sql: string, directory = this.data): unknown[] {
    const raw = new DatabaseSync(join(directory, "platform.db"));
    try {
      return raw.prepare(sql).all();
    } finally {
      raw.close();
    }
  }

  /** The files of a data folder that hold a text. */
  filesWith(text: string, directory = this.data): readonly string[] {
    const files = readdirSync(directory, { recursive: true, encoding: "utf8" }).filter((name) =>
      statSync(join(directory, name)).isFile(),
    );
    return files.filter((name) => readFileSync(join(directory, name)).includes(text));
  }
}

export function configured(current: string, ...previous: readonly string[]): MasterKeys {
  return { current: new Secret(current), previous: previous.map((key) => new Secret(key)) };
}

export function newKey(): { readonly text: string; readonly id: string } {
  const key = createMasterKey();
  return { text: key.format(), id: key.id };
}

export async function keysOf(vault: Vault) {
  return (await vault.status()).keys.map(({ state, secrets }) => ({ state, secrets }));
}
