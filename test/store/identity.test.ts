import { beforeEach, describe, expect, it } from "vitest";
import type { ApiKey, User } from "../../packages/server/src/core/identity.ts";
import { noLimits } from "../../packages/server/src/core/limits.ts";
import type { Identity } from "../../packages/server/src/store/identity.ts";
import { describeStore } from "./contract.ts";

const clock = { nowMs: 1_800_000_000_000 };
let identity: Identity;

function userOf(change: Partial<User> = {}): User {
  return {
    id: "user_1",
    name: "ada",
    kind: "person",
    email: null,
    role: "developer",
    teamId: null,
    isActive: true,
    limits: noLimits,
    createdAtMs: clock.nowMs,
    ...change,
  };
}

function keyOf(change: Partial<ApiKey> = {}): ApiKey {
  return {
    id: "key_1",
    name: "laptop",
    ownerId: null,
    scopes: ["inference.call", "usage.read"],
    prefix: "llmp_first",
    limits: { ...noLimits, requestsPerMinute: 60 },
    policy: { audit: "strict", capturesContent: true },
    createdAtMs: clock.nowMs,
    createdBy: "local-admin",
    expiresAtMs: null,
    previousExpiresAtMs: null,
    lastUsedAtMs: null,
    revokedAtMs: null,
    ...change,
  };
}

const first = { sha256: "1".repeat(64), prefix: "llmp_first" };
const second = { sha256: "2".repeat(64), prefix: "llmp_second" };

const permissionsOfFirst = async () => (await identity.findKey(first.sha256))?.principal.permissions;

describeStore("identity", (test) => {
  const open = () => test.place.open({ nowMs: () => clock.nowMs });

  beforeEach(async () => {
    clock.nowMs = 1_800_000_000_000;
    identity = (await open()).identity;
  });

  describe("a key", () => {
    it("is found by the hash of its text", async () => {
      await identity.apiKeys.insert(keyOf(), first);
      expect(await identity.findKey(first.sha256)).toEqual({
        principal: {
          id: "key_1",
          name: "laptop",
          kind: "api_key",
          userId: undefined,
          permissions: new Set(["inference.call", "usage.read"]),
          limits: { ...noLimits, requestsPerMinute: 60 },
          userLimits: undefined,
          policy: { audit: "strict", capturesContent: true },
          teamId: undefined,
          teamLimits: undefined,
        },
        expiresAtMs: Number.POSITIVE_INFINITY,
      });
      expect(await identity.findKey(second.sha256)).toBeUndefined();
      expect(await identity.apiKeys.list({ afterId: "", limit: 10 })).toEqual([keyOf()]);
    });

    it("works under the text before its rotation until the grace is over", async () => {
      await identity.apiKeys.insert(keyOf(), first);
      const rotated = await identity.apiKeys.rotate("key_1", second, clock.nowMs + 1_000);
      expect(rotated).toMatchObject({ prefix: "llmp_second", previousExpiresAtMs: clock.nowMs + 1_000 });
      expect((await identity.findKey(first.sha256))?.expiresAtMs).toBe(clock.nowMs + 1_000);
      expect((await identity.findKey(second.sha256))?.expiresAtMs).toBe(Number.POSITIVE_INFINITY);
      clock.nowMs += 1_000;
      expect(await identity.findKey(first.sha256)).toBeUndefined();
      expect(await identity.findKey(second.sha256)).toBeDefined();
    });

    it("ends when it expires", async () => {
      await identity.apiKeys.insert(keyOf({ expiresAtMs: clock.nowMs + 5 }), first);
      expect(await identity.findKey(first.sha256)).toBeDefined();
      clock.nowMs += 5;
      expect(await identity.findKey(first.sha256)).toBeUndefined();
    });

    it("that is revoked stays so, under both of its texts, and leaves its name to another", async () => {
      await identity.apiKeys.insert(keyOf(), first);
      await identity.apiKeys.rotate("key_1", second, clock.nowMs + 60_000);
      expect(await identity.apiKeys.revoke("key_1", clock.nowMs)).toMatchObject({ revokedAtMs: clock.nowMs });
      expect(await identity.findKey(first.sha256)).toBeUndefined();
      expect(await identity.findKey(second.sha256)).toBeUndefined();
      expect(await identity.apiKeys.revoke("key_1", clock.nowMs)).toBeUndefined();
      expect(await identity.apiKeys.rotate("key_1", first, clock.nowMs)).toBeUndefined();
      const third = { sha256: "3".repeat(64), prefix: "llmp_third" };
      await identity.apiKeys.insert(keyOf({ id: "key_2" }), third);
      expect((await identity.findKey(third.sha256))?.principal.id).toBe("key_2");
    });

    it("cannot have the name of one that stands", async () => {
      await identity.apiKeys.insert(keyOf(), first);
      await expect(identity.apiKeys.insert(keyOf({ id: "key_2" }), second)).rejects.toMatchObject({
        code: "conflict",
        field: "name",
      });
    });

    it("is told when it was used last", async () => {
      await identity.apiKeys.insert(keyOf(), first);
      await identity.findKey(first.sha256);
      await identity.close();
      expect(await identity.apiKeys.find("key_1")).toMatchObject({ lastUsedAtMs: clock.nowMs });
    });
  });

  describe("a key of a user", () => {
    beforeEach(async () => {
      await identity.users.insert(userOf());
      await identity.apiKeys.insert(keyOf({ ownerId: "user_1" }), first);
    });

    it("never may more than its owner may when it is used", async () => {
      expect(await permissionsOfFirst()).toEqual(new Set(["inference.call"]));
      await identity.users.update("user_1", { role: "operator" });
      expect(await permissionsOfFirst()).toEqual(new Set(["inference.call", "usage.read"]));
      await identity.users.update("user_1", { role: "viewer" });
      expect(await permissionsOfFirst()).toEqual(new Set(["usage.read"]));
    });

    it("does not work while its owner is not active, or is gone", async () => {
      await identity.users.update("user_1", { isActive: false });
      expect(await permissionsOfFirst()).toBeUndefined();
      await identity.users.update("user_1", { isActive: true });
      expect(await permissionsOfFirst()).toBeDefined();
      await identity.users.delete("user_1");
      expect(await permissionsOfFirst()).toBeUndefined();
    });
  });

  describe("users", () => {
    it("have names of their own", async () => {
      await identity.users.insert(userOf());
      await expect(identity.users.insert(userOf({ id: "user_2" }))).rejects.toMatchObject({
        code: "conflict",
        field: "name",
      });
    });

    it("are known to be there, also after a restart", async () => {
      expect(identity.hasUsers).toBe(false);
      await identity.users.insert(userOf());
      expect(identity.hasUsers).toBe(true);
      await test.place.closeAll();
      identity = (await open()).identity;
      expect(identity.hasUsers).toBe(true);
      await identity.users.delete("user_1");
      expect(identity.hasUsers).toBe(false);
    });

    it("have another admin only in one who is active", async () => {
      await identity.users.insert(userOf({ role: "admin" }));
      expect(await identity.users.hasOtherAdmin("user_1")).toBe(false);
      await identity.users.insert(userOf({ id: "user_2", name: "bob", role: "admin" }));
      expect(await identity.users.hasOtherAdmin("user_1")).toBe(true);
      await identity.users.update("user_2", { isActive: false });
      expect(await identity.users.hasOtherAdmin("user_1")).toBe(false);
    });

    it("tell of every change", async () => {
      let told = 0;
      identity.onChange(() => told++);
      await identity.users.insert(userOf());
      await identity.users.update("user_1", { email: "ada@example.org" });
      await identity.apiKeys.insert(keyOf(), first);
      await identity.apiKeys.rotate("key_1", second, 0);
      await identity.apiKeys.revoke("key_1", 1);
      await identity.users.delete("user_1");
      expect(told).toBe(6);
    });
  });

  describe("changes that others make", () => {
    it("are told apart from those made here, and who is known is looked at again", async () => {
      const heard: string[] = [];
      identity.onChange(({ by }) => heard.push(`${by} ${identity.hasUsers}`));
      await identity.users.insert(userOf());
      await identity.changedElsewhere("changed");
      expect(heard).toEqual(["here true", "elsewhere true"]);
    });
  });

  describe("teams and roles", () => {
    const team = {
      id: "team_1",
      name: "reds",
      limits: { ...noLimits, tokensPerMinute: 900 },
      createdAtMs: clock.nowMs,
    };
    const role = {
      name: "watcher",
      description: "Looks.",
      permissions: ["usage.read", "self.read"] as const,
      createdAtMs: clock.nowMs,
    };

    it("come with a key's owner, and changes of them are told", async () => {
      await identity.teams.insert(team);
      await identity.roles.insert(role);
      await identity.users.insert(userOf({ role: "watcher", teamId: "team_1" }));
      await identity.apiKeys.insert(keyOf({ ownerId: "user_1" }), first);
      expect((await identity.findKey(first.sha256))?.principal).toMatchObject({
        role: "watcher",
        permissions: new Set(["usage.read"]),
        teamId: "team_1",
        teamLimits: team.limits,
      });
      let changes = 0;
      identity.onChange(() => changes++);
      await identity.roles.update("watcher", { permissions: ["inference.call"] });
      await identity.teams.update("team_1", { limits: noLimits });
      expect(changes).toBe(2);
      expect((await identity.findKey(first.sha256))?.principal).toMatchObject({
        permissions: new Set(["inference.call"]),
        teamLimits: noLimits,
      });
    });

    it("stay while somebody has them", async () => {
      await identity.teams.insert(team);
      await identity.roles.insert(role);
      await identity.users.insert(userOf({ role: "watcher", teamId: "team_1" }));
      const inUse = { code: "conflict" };
      await expect(identity.teams.delete("team_1")).rejects.toMatchObject(inUse);
      await expect(identity.roles.delete("watcher")).rejects.toMatchObject(inUse);
      await identity.users.update("user_1", { role: "viewer", teamId: null });
      expect(await identity.teams.delete("team_1")).toBe(true);
      expect(await identity.roles.delete("watcher")).toBe(true);
      expect(await identity.teams.delete("team_1")).toBe(false);
      expect(await identity.roles.delete("watcher")).toBe(false);
    });

    it("have one name each", async () => {
      await identity.teams.insert(team);
      await identity.teams.insert({ ...team, id: "team_2", name: "blues" });
      await identity.roles.insert(role);
      const taken = { code: "conflict", field: "name" };
      await expect(identity.teams.insert({ ...team, id: "team_3" })).rejects.toMatchObject(taken);
      await expect(identity.teams.update("team_2", { name: "reds" })).rejects.toMatchObject(taken);
      await expect(identity.roles.insert(role)).rejects.toMatchObject(taken);
      expect(await identity.teams.update("team_2", { name: "blues" })).toMatchObject({ name: "blues" });
      expect(await identity.teams.update("team_9", { name: "greens" })).toBeUndefined();
      expect(await identity.teams.findByName("reds")).toEqual(team);
      expect(await identity.teams.list({ afterId: "team_1", limit: 9 })).toMatchObject([{ id: "team_2" }]);
      const onlyNamed = { afterId: "", limit: 9, ids: ["team_1", "team_9"] };
      expect(await identity.teams.list(onlyNamed)).toMatchObject([{ id: "team_1" }]);
      expect(await identity.users.list({ afterId: "", limit: 9, teamIds: ["team_2"] })).toEqual([]);
    });

    it("are listed by ids, teams, roles and owners, several at once", async () => {
      await identity.teams.insert(team);
      for (const id of ["user_1", "user_2", "user_3"])
        await identity.users.insert(
          userOf({ id, name: id, teamId: id === "user_1" ? "team_1" : null, role: "viewer" }),
        );
      await identity.apiKeys.insert(keyOf({ ownerId: "user_1" }), first);
      const usersOf = async (filter: object) =>
        (await identity.users.list({ afterId: "", limit: 9, ...filter })).map(({ id }) => id);
      expect(await usersOf({ ids: ["user_3", "user_1", "user_9"] })).toEqual(["user_1", "user_3"]);
      expect(await usersOf({ teamIds: ["team_1", "team_2"] })).toEqual(["user_1"]);
      expect(await usersOf({ roles: ["viewer"], ids: ["user_2"] })).toEqual(["user_2"]);
      expect(await usersOf({ roles: ["admin"] })).toEqual([]);
      const keysOf = async (ownerIds: readonly string[]) =>
        (await identity.apiKeys.list({ afterId: "", limit: 9, ownerIds })).length;
      expect(await keysOf(["user_1", "user_2"])).toBe(1);
      expect(await keysOf(["user_2"])).toBe(0);
    });

    it("of a role that does not exist nobody may anything", async () => {
      await identity.users.insert(userOf({ role: "ghost" }));
      await identity.apiKeys.insert(keyOf({ ownerId: "user_1" }), first);
      expect(await permissionsOfFirst()).toEqual(new Set());
      await identity.users.update("user_1", { role: "constructor" });
      expect(await permissionsOfFirst()).toEqual(new Set());
    });
  });
});
