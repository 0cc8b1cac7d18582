import { cpSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createKeyFile, type KeyFile } from "./key-file.ts";
import { createSecretTable } from "./secret-table.ts";
import { canary, home, keysOf, newKey, office, VaultFolder } from "./vault.test-data.ts";
import { openVault } from "./vault.ts";

let folder: VaultFolder;

beforeEach(() => {
  folder = new VaultFolder();
});
afterEach(() => folder.remove());

describe("a rotation of the key file", () => {
  it("puts everything under a new key, and makes the old one useless", async () => {
    const vault = await folder.open();
    await vault.write(office, canary);
    await vault.write(home, "other");
    const old = readFileSync(folder.keyFile, "utf8").trim();
    const oldEnvelopes = folder
      .tamper("SELECT envelope FROM secrets")
      .map((row) => String(Object(row).envelope));
    await vault.rotate();
    expect(readFileSync(folder.keyFile, "utf8").trim()).not.toBe(old);
    expect(statSync(folder.keyFile).mode & 0o777).toBe(0o600);
    expect(await keysOf(vault)).toEqual([{ state: "current", secrets: 2 }]);
    expect(await Promise.all([vault.read(office), vault.read(home)])).toEqual([canary, "other"]);
    // Whoever has the old key finds nothing for it, neither in the rows nor in what is left of them.
    for (const envelope of oldEnvelopes) expect(folder.filesWith(envelope)).toEqual([]);
    expect(readdirSync(folder.data).filter((name) => name.startsWith("master.key"))).toEqual(["master.key"]);
    await folder.closeAll();
    expect(await (await folder.open()).read(office)).toBe(canary);
    await folder.closeAll();
    writeFileSync(folder.keyFile, old);
    expect((await folder.open()).isSealed).toBe(true);
  });

  it("takes a key that it is given, but neither the one in use nor a text that is none", async () => {
    const vault = await folder.open();
    await vault.write(office, canary);
    const next = newKey();
    await vault.rotate(next.text);
    expect(readFileSync(folder.keyFile, "utf8").trim()).toBe(next.text);
    expect((await vault.status()).keys).toEqual([{ id: next.id, state: "current", secrets: 1 }]);
    await expect(vault.rotate(next.text)).rejects.toMatchObject({ field: "master_key" });
    await expect(vault.rotate("no key")).rejects.toMatchObject({ field: "master_key" });
    expect(await vault.read(office)).toBe(canary);
  });

  it("changes nothing when a secret does not open", async () => {
    const vault = await folder.open();
    await vault.write(office, canary);
    await vault.write(home, "other");
    folder.tamper(
      "UPDATE secrets SET envelope = (SELECT envelope FROM secrets WHERE name = 'home') WHERE name = 'office'",
    );
    const before = readFileSync(folder.keyFile, "utf8");
    await expect(vault.rotate()).rejects.toThrow(/integration_config of office/);
    expect(readFileSync(folder.keyFile, "utf8")).toBe(before);
    expect(existsSync(`${folder.keyFile}.previous`)).toBe(false);
    expect(await keysOf(vault)).toEqual([{ state: "current", secrets: 2 }]);
  });

  it("is one at a time", async () => {
    const vault = await folder.open();
    const first = vault.rotate();
    await expect(vault.rotate()).rejects.toMatchObject({ code: "conflict" });
    await first;
    await vault.rotate();
  });

  it("can be killed at any moment: what is there then opens everything", async () => {
    await folder.open().then((vault) => vault.write(office, canary));
    await folder.closeAll();
    const raw = new DatabaseSync(join(folder.data, "platform.db"));
    const images: { readonly name: string; readonly image: string }[] = [];
    /** What a kill at this moment would leave. */
    const shoot = (name: string) => {
      const image = join(folder.root, `image-${images.length}`);
      cpSync(folder.data, image, { recursive: true });
      images.push({ name, image });
    };
    const shooting =
      <Arguments extends readonly unknown[]>(name: string, act: (...given: Arguments) => void) =>
      (...given: Arguments) => {
        shoot(`before ${name}`);
        act(...given);
        shoot(`after ${name}`);
      };
    const files = createKeyFile(folder.data);
    const steps: KeyFile = {
      ...files,
      write: shooting("the new key", files.write),
      writePrevious: shooting("the key before", files.writePrevious),
      dropPrevious: shooting("the end", files.dropPrevious),
    };
    const table = createSecretTable(raw);
    const vault = await openVault({
      table: {
        ...table,
        replaceAll: (reseal) =>
          table.replaceAll((row) => {
            shoot("inside of the transaction");
            return reseal(row);
          }),
      },
      keyFile: steps,
      keys: { current: undefined, previous: [] },
      log: folder.log,
      emptyLog: async () => {
        shoot("after the transaction");
        raw.exec("PRAGMA wal_checkpoint(TRUNCATE)");
        shoot("after the log was emptied");
        return true;
      },
    });
    await vault.rotate();
    raw.close();
    expect(images.map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        "after the key before",
        "after the new key",
        "inside of the transaction",
        "after the transaction",
        "before the end",
        "after the end",
      ]),
    );
    for (const { name, image } of images) {
      const found = await folder.open(undefined, image);
      expect(await found.read(office), name).toBe(canary);
      expect(await keysOf(found), name).toEqual([{ state: "current", secrets: 1 }]);
      expect(existsSync(join(image, "master.key.previous")), name).toBe(false);
      await found.rotate();
      expect(await found.read(office), name).toBe(canary);
      await folder.closeAll();
    }
  });

  it("that the disk refuses leaves everything readable, and the next one ends it", async () => {
    const vault = await folder.open();
    await vault.write(office, canary);
    folder.tamper(
      "CREATE TRIGGER refuse BEFORE UPDATE ON secrets BEGIN SELECT RAISE(ABORT, 'disk full'); END",
    );
    await expect(vault.rotate()).rejects.toMatchObject({ code: "unavailable" });
    expect(await vault.read(office)).toBe(canary);
    expect(existsSync(`${folder.keyFile}.previous`)).toBe(true);
    await expect(vault.rotate()).rejects.toMatchObject({ code: "unavailable" });
    await folder.closeAll();
    expect(await (await folder.open()).read(office)).toBe(canary);
    expect(folder.told.at(-1)?.event).toBe("secrets.reseal_failed");
    await folder.closeAll();
    folder.tamper("DROP TRIGGER refuse");
    const again = await folder.open();
    expect(await again.read(office)).toBe(canary);
    expect(await keysOf(again)).toEqual([{ state: "current", secrets: 1 }]);
    expect(existsSync(`${folder.keyFile}.previous`)).toBe(false);
  });
});
