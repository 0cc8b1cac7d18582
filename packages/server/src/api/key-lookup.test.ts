import { PlatformError } from "@llm-platform/kit";
import { beforeEach, describe, expect, it } from "vitest";
import type { IdentityNews, KeyHolder } from "../core/identity.ts";
import { noPolicy } from "../core/key-policy.ts";
import { noLimits } from "../core/limits.ts";
import { permissionsOf } from "../core/permissions.ts";
import { KeyLookup } from "./key-lookup.ts";

/** A store that is asked for keys, and can be told to fail or to wait. */
class Store {
  readonly holders = new Map<string, KeyHolder>();
  asked = 0;
  isDown = false;
  held: Promise<void> | undefined;
  #tell: (news: IdentityNews) => void = () => undefined;

  async findKey(sha256: string): Promise<KeyHolder | undefined> {
    this.asked++;
    const found = this.holders.get(sha256);
    await this.held;
    if (this.isDown) throw new PlatformError("unavailable", "The database does not answer.");
    return found;
  }

  onChange(listener: (news: IdentityNews) => void): void {
    this.#tell = listener;
  }

  change(type: IdentityNews["type"] = "changed"): void {
    this.#tell({ by: "here", type });
  }
}

const clock = { nowMs: 0 };
const wallStartMs = 1_800_000_000_000;
let store: Store;
let lookup: KeyLookup;

beforeEach(() => {
  clock.nowMs = 1_000;
  store = new Store();
  store.holders.set("hash", holderOf("key_1"));
  lookup = new KeyLookup({
    find: (sha256) => store.findKey(sha256),
    onChange: (listener) => store.onChange(listener),
    usableMs: 15 * 60_000,
    nowMs: () => clock.nowMs,
    wallMs: () => wallStartMs + clock.nowMs,
  });
});

function holderOf(id: string, expiresAtMs = Number.POSITIVE_INFINITY): KeyHolder {
  const permissions = permissionsOf("developer");
  const principal = {
    id,
    name: id,
    kind: "api_key" as const,
    userId: undefined,
    permissions,
    limits: noLimits,
    userLimits: undefined,
    policy: noPolicy,
    teamId: undefined,
    teamLimits: undefined,
  };
  return { principal, expiresAtMs };
}

/** As the authenticator does it. */
async function idOf(credential: string, sha256 = credential): Promise<string> {
  return (lookup.recall(credential) ?? (await lookup.find(credential, sha256))).id;
}

describe("a key of the store", () => {
  it("is looked up once in half a minute", async () => {
    expect(await idOf("hash")).toBe("key_1");
    clock.nowMs += 29_999;
    expect(await idOf("hash")).toBe("key_1");
    expect(store.asked).toBe(1);
    clock.nowMs += 1;
    expect(await idOf("hash")).toBe("key_1");
    expect(store.asked).toBe(2);
  });

  it("is looked up once for callers at the same time", async () => {
    expect(await Promise.all([idOf("hash"), idOf("hash"), idOf("hash")])).toEqual([
      "key_1",
      "key_1",
      "key_1",
    ]);
    expect(store.asked).toBe(1);
  });

  it("is forgotten at the moment of a change", async () => {
    await idOf("hash");
    store.holders.clear();
    store.change();
    expect(lookup.recall("hash")).toBeUndefined();
    await expect(idOf("hash")).rejects.toMatchObject({ code: "unauthenticated" });
  });

  it("is not kept when it was changed while it was looked up", async () => {
    const held = Promise.withResolvers<void>();
    store.held = held.promise;
    const looking = idOf("hash");
    store.holders.clear();
    store.change();
    store.held = undefined;
    held.resolve();
    expect(await looking).toBe("key_1");
    expect(lookup.recall("hash")).toBeUndefined();
    await expect(idOf("hash")).rejects.toMatchObject({ code: "unauthenticated" });
  });

  it("is not kept beyond its own end", async () => {
    store.holders.set("hash", holderOf("key_1", wallStartMs + clock.nowMs + 500));
    await idOf("hash");
    clock.nowMs += 499;
    expect(lookup.recall("hash")).toBeDefined();
    clock.nowMs += 1;
    expect(lookup.recall("hash")).toBeUndefined();
  });
});

describe("while the store does not answer", () => {
  it("a key that was found before works for a quarter of an hour", async () => {
    await idOf("hash");
    store.isDown = true;
    clock.nowMs += 15 * 60_000 - 1;
    expect(await idOf("hash")).toBe("key_1");
    clock.nowMs += 1;
    await expect(idOf("hash")).rejects.toMatchObject({ code: "unavailable" });
  });

  it("a key that may have been changed elsewhere works on, and is asked for as soon as it answers", async () => {
    await idOf("hash");
    store.isDown = true;
    store.change("missed");
    expect(await idOf("hash")).toBe("key_1");
    store.holders.clear();
    store.isDown = false;
    await expect(idOf("hash")).rejects.toMatchObject({ code: "unauthenticated" });
  });

  it("a key of before a change does not work any more", async () => {
    await idOf("hash");
    store.isDown = true;
    store.change();
    await expect(idOf("hash")).rejects.toMatchObject({ code: "unavailable" });
  });

  it("a key that has expired meanwhile does not", async () => {
    store.holders.set("hash", holderOf("key_1", wallStartMs + clock.nowMs + 60_000));
    await idOf("hash");
    store.isDown = true;
    clock.nowMs += 60_000;
    await expect(idOf("hash")).rejects.toMatchObject({ code: "unavailable" });
  });

  it("one that was never seen is not called unknown", async () => {
    store.isDown = true;
    await expect(idOf("other")).rejects.toMatchObject({ code: "unavailable" });
    store.isDown = false;
    store.holders.set("other", holderOf("key_2"));
    expect(await idOf("other")).toBe("key_2");
  });
});

describe("an unknown key", () => {
  it("is looked up again after five seconds", async () => {
    await expect(idOf("other")).rejects.toMatchObject({ code: "unauthenticated" });
    clock.nowMs += 4_999;
    expect(() => lookup.find("other", "other")).toThrow("not known");
    expect(store.asked).toBe(1);
    clock.nowMs += 1;
    store.holders.set("other", holderOf("key_2"));
    expect(await idOf("other")).toBe("key_2");
  });

  it("does not push out the keys that work", async () => {
    await idOf("hash");
    for (let count = 0; count < 10_001; count++) await idOf(`guess-${count}`).catch(() => undefined);
    expect(lookup.recall("hash")?.id).toBe("key_1");
  });
});
