import { cpSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Secret } from "@llm-platform/kit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { canary, configured, home, keysOf, newKey, office, VaultFolder } from "./vault.test-data.ts";

let folder: VaultFolder;

beforeEach(() => {
  folder = new VaultFolder();
});
afterEach(() => folder.remove());

describe("the first start", () => {
  it("makes a key file that only its owner reads, and says so once", async () => {
    await folder.open();
    expect(statSync(folder.keyFile).mode & 0o777).toBe(0o600);
    const text = readFileSync(folder.keyFile, "utf8");
    expect(Buffer.from(text.trim(), "base64")).toHaveLength(32);
    expect(folder.told.map(({ event }) => event)).toEqual(["secrets.key_file_made"]);
    expect(JSON.stringify(folder.told)).not.toContain(text.trim());
    await folder.closeAll();
    await folder.open();
    expect(readFileSync(folder.keyFile, "utf8")).toBe(text);
    expect(folder.told).toHaveLength(1);
  });

  it("makes none when a key is given", async () => {
    const vault = await folder.open(configured(newKey().text));
    expect(existsSync(folder.keyFile)).toBe(false);
    expect(await vault.status()).toMatchObject({ isSealed: false, source: "configuration" });
  });

  it("refuses a key file that holds no key, and leaves it as it is", async () => {
    await folder.open();
    await folder.closeAll();
    for (const text of ["", "not a key", "AAAA"]) {
      writeFileSync(folder.keyFile, text);
      await expect(folder.open()).rejects.toMatchObject({
        code: "config_invalid",
        message: expect.stringContaining("master.key holds no master key"),
      });
      expect(readFileSync(folder.keyFile, "utf8")).toBe(text);
    }
  });
});

describe("a secret", () => {
  it("is kept over restarts, and stands nowhere in the folder", async () => {
    const vault = await folder.open();
    await vault.write(office, canary);
    await vault.write(home, "other");
    await vault.write(home, `${canary}-2`);
    expect(folder.filesWith(canary)).toEqual([]);
    await folder.closeAll();
    expect(folder.filesWith(canary)).toEqual([]);
    const again = await folder.open();
    expect(await Promise.all([again.read(office), again.read(home)])).toEqual([canary, `${canary}-2`]);
    expect(await again.read({ ...office, name: "nobody" })).toBeUndefined();
  });

  it("has a bound on its length", async () => {
    const vault = await folder.open();
    await expect(vault.write(office, "x".repeat(70_000))).rejects.toEqual(
      expect.objectContaining({ code: "payload_too_large" }),
    );
  });

  it("that was altered or moved is refused by name, and the others are not", async () => {
    const vault = await folder.open();
    await vault.write(office, canary);
    await vault.write(home, "other");
    folder.tamper(
      "UPDATE secrets SET envelope = (SELECT envelope FROM secrets WHERE name = 'home') WHERE name = 'office'",
    );
    await expect(vault.read(office)).rejects.toThrow(/integration_config of office does not open/);
    expect(await vault.read(home)).toBe("other");
    folder.tamper("UPDATE secrets SET envelope = 'rubbish' WHERE name = 'office'");
    await folder.closeAll();
    const again = await folder.open();
    expect(again.isSealed).toBe(false);
    await expect(again.read(office)).rejects.toEqual(expect.objectContaining({ code: "unavailable" }));
    const before = readFileSync(folder.keyFile, "utf8");
    await expect(again.rotate()).rejects.toThrow(/of office/);
    expect(readFileSync(folder.keyFile, "utf8")).toBe(before);
    await again.write(office, "anew");
    await again.rotate();
    expect(await Promise.all([again.read(office), again.read(home)])).toEqual(["anew", "other"]);
  });
});

describe("what an older version left unsealed", () => {
  const plain = (name: string, text: string) =>
    `INSERT INTO key_values VALUES ('platform', 'config.${name}', '${text}') ON CONFLICT DO UPDATE SET value = excluded.value`;

  it("is sealed with the first start, of which the second changes nothing, and no trace of it is left", async () => {
    await folder.open();
    await folder.closeAll();
    // Also of a value that was replaced, in the space that it took.
    folder.tamper(plain("office", `${canary}-older-${"x".repeat(3_000)}`));
    folder.tamper(plain("office", canary));
    folder.tamper(plain("home", `${canary}-2`));
    folder.tamper("INSERT INTO key_values VALUES ('platform', 'other', '1'), ('office', 'config.x', '2')");
    expect(folder.filesWith(canary)).not.toEqual([]);
    const vault = await folder.open();
    expect(await Promise.all([vault.read(office), vault.read(home)])).toEqual([canary, `${canary}-2`]);
    expect(folder.told.at(-1)).toEqual({ event: "secrets.sealed_plain", fields: { secrets: 2 } });
    await folder.closeAll();
    expect(folder.filesWith(canary)).toEqual([]);
    const envelopes = folder.tamper("SELECT * FROM secrets");
    const again = await folder.open();
    expect(await again.read(office)).toBe(canary);
    expect(folder.tamper("SELECT * FROM secrets")).toEqual(envelopes);
    expect(folder.tamper("SELECT integration, key FROM key_values ORDER BY key")).toMatchObject([
      { integration: "office", key: "config.x" },
      { integration: "platform", key: "other" },
    ]);
  });

  it("keeps the server from starting, or unsealing, while it cannot be sealed", async () => {
    const vault = await folder.open();
    await vault.write(home, "other");
    await folder.closeAll();
    const key = readFileSync(folder.keyFile, "utf8");
    folder.tamper(plain("office", canary));
    folder.tamper("CREATE TRIGGER refuse BEFORE INSERT ON secrets BEGIN SELECT RAISE(ABORT, 'full'); END");
    await expect(folder.open()).rejects.toMatchObject({ code: "unavailable" });
    rmSync(folder.keyFile);
    const sealed = await folder.open();
    await expect(sealed.unseal(key)).rejects.toEqual(expect.objectContaining({ code: "unavailable" }));
    expect(sealed.isSealed).toBe(true);
    folder.tamper("DROP TRIGGER refuse");
    expect((await sealed.unseal(key)).isSealed).toBe(false);
    expect(await sealed.read(office)).toBe(canary);
  });

  it("stays as it is while the vault is sealed", async () => {
    const vault = await folder.open();
    await vault.write(home, "other");
    await folder.closeAll();
    folder.tamper(plain("office", canary));
    rmSync(folder.keyFile);
    expect((await folder.open()).isSealed).toBe(true);
    expect(folder.tamper("SELECT value FROM key_values")).toMatchObject([{ value: canary }]);
  });
});

describe("without the key", () => {
  async function copyWithoutKey(): Promise<{ readonly copy: string; readonly key: string }> {
    const vault = await folder.open();
    await vault.write(office, canary);
    await folder.closeAll();
    const copy = join(folder.root, "copy");
    cpSync(folder.data, copy, { recursive: true, filter: (path) => !path.includes("master.key") });
    return { copy, key: readFileSync(folder.keyFile, "utf8").trim() };
  }

  it("nothing is read, written, made or changed", async () => {
    const { copy } = await copyWithoutKey();
    const rows = folder.tamper("SELECT * FROM secrets", copy);
    const vault = await folder.open(undefined, copy);
    const sealed = expect.objectContaining({ code: "sealed" });
    expect(vault.isSealed).toBe(true);
    await expect(vault.read(office)).rejects.toEqual(sealed);
    await expect(vault.read({ ...office, name: "nobody" })).rejects.toEqual(sealed);
    await expect(vault.write(office, "plain")).rejects.toEqual(sealed);
    await expect(vault.rotate()).rejects.toEqual(sealed);
    expect(await vault.status()).toMatchObject({
      isSealed: true,
      source: undefined,
      keys: [{ state: "missing", secrets: 1 }],
    });
    await folder.closeAll();
    expect(existsSync(join(copy, "master.key"))).toBe(false);
    expect(folder.tamper("SELECT * FROM secrets", copy)).toEqual(rows);
    expect(folder.filesWith(canary, copy)).toEqual([]);
  });

  it("a wrong one does not help, whether configured or given later", async () => {
    const { copy } = await copyWithoutKey();
    const vault = await folder.open(configured(newKey().text), copy);
    expect(await keysOf(vault)).toEqual([
      { state: "current", secrets: 0 },
      { state: "missing", secrets: 1 },
    ]);
    await expect(vault.unseal(newKey().text)).rejects.toEqual(
      expect.objectContaining({ code: "invalid_request", field: "master_key" }),
    );
    await expect(vault.unseal("no key")).rejects.toThrow(/32 bytes/);
    expect(vault.isSealed).toBe(true);
  });

  it("the right one unseals it in place, and is kept in memory only", async () => {
    const { copy, key } = await copyWithoutKey();
    const vault = await folder.open(undefined, copy);
    const opened = vault.whenUnsealed;
    expect(await vault.unseal(key)).toMatchObject({ isSealed: false, source: "unseal" });
    await opened;
    expect(await vault.read(office)).toBe(canary);
    await expect(vault.unseal(key)).rejects.toEqual(expect.objectContaining({ code: "conflict" }));
    await expect(vault.rotate()).rejects.toMatchObject({ code: "conflict" });
    await folder.closeAll();
    expect((await folder.open(undefined, copy)).isSealed).toBe(true);
  });

  it("the right one beside a configured one puts everything under that", async () => {
    const { copy, key } = await copyWithoutKey();
    const next = newKey();
    const vault = await folder.open(configured(next.text), copy);
    await vault.unseal(key);
    expect(await vault.read(office)).toBe(canary);
    await folder.closeAll();
    expect((await folder.open(configured(next.text), copy)).isSealed).toBe(false);
  });
});

describe("a configured key", () => {
  it("takes over from the key file, and from the key before", async () => {
    const [first, second] = [newKey(), newKey()];
    await folder.open().then((vault) => vault.write(office, canary));
    await folder.closeAll();
    await folder.open(configured(first.text)).then(async (vault) => {
      expect(await vault.read(office)).toBe(canary);
      expect((await vault.status()).keys).toEqual([{ id: first.id, state: "current", secrets: 1 }]);
    });
    await folder.closeAll();
    rmSync(folder.keyFile);
    await folder.open(configured(second.text, first.text)).then(async (vault) => {
      expect(await vault.read(office)).toBe(canary);
      expect((await vault.status()).keys).toEqual([
        { id: first.id, state: "previous", secrets: 0 },
        { id: second.id, state: "current", secrets: 1 },
      ]);
    });
    await folder.closeAll();
    expect(await (await folder.open(configured(second.text))).read(office)).toBe(canary);
  });

  it("is rotated by who configures it: the platform only finishes what that began", async () => {
    const vault = await folder.open(configured(newKey().text));
    await vault.write(office, canary);
    await expect(vault.rotate(newKey().text)).rejects.toMatchObject({ code: "conflict" });
    expect(await vault.rotate()).toMatchObject({ source: "configuration", isSealed: false });
  });

  it("gives way to a key file again when it is told as one before", async () => {
    const first = newKey();
    await folder.open(configured(first.text)).then((vault) => vault.write(office, canary));
    await folder.closeAll();
    const vault = await folder.open({ current: undefined, previous: [new Secret(first.text)] });
    expect(await vault.read(office)).toBe(canary);
    expect(await vault.status()).toMatchObject({ source: "file" });
    await folder.closeAll();
    expect(await (await folder.open()).read(office)).toBe(canary);
  });
});
