import { hash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createAuthenticator } from "./api/authenticate.ts";
import { createKey, createSecret } from "./control/new-key.ts";
import { createUser } from "./control/new-user.ts";
import type { User } from "./core/identity.ts";
import { noPolicy } from "./core/key-policy.ts";
import { noLimits } from "./core/limits.ts";
import { type Permission, permissionNames, permissionsOf, roleNames } from "./core/permissions.ts";
import { isBuiltIn } from "./core/role.ts";
import { openStore, type Store } from "./store/store.ts";

let directory = "";
let store: Store;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "key-bounds-"));
  store = await openStore({ directory });
});
afterEach(async () => {
  await store.close();
  rmSync(directory, { recursive: true });
});

const custom = ["red", "blue"] as const;
const somePermissions = fc.uniqueArray(fc.constantFrom(...permissionNames), { minLength: 1 });
const someRole = fc.constantFrom(...roleNames, ...custom, "ghost");
const someCustom = fc.constantFrom(...custom);

const change = fc.oneof(
  fc.record({ type: fc.constant("make role"), role: someCustom, permissions: somePermissions }),
  fc.record({ type: fc.constant("change role"), role: someCustom, permissions: somePermissions }),
  fc.record({ type: fc.constant("delete role"), role: someCustom }),
  fc.record({ type: fc.constant("give role"), role: someRole }),
  fc.record({ type: fc.constant("scopes"), scopes: somePermissions }),
  fc.record({ type: fc.constant("active"), isActive: fc.boolean() }),
);

type Change = typeof change extends fc.Arbitrary<infer Value> ? Value : never;

/** What there should be, as simply as it can be said. */
interface Model {
  readonly roles: Map<string, readonly Permission[]>;
  user: User;
  scopes: readonly Permission[];
}

function allowed({ roles, user, scopes }: Model): ReadonlySet<Permission> | undefined {
  if (!user.isActive) return undefined;
  const ofRole = isBuiltIn(user.role) ? permissionsOf(user.role) : new Set(roles.get(user.role));
  return new Set(scopes.filter((scope) => ofRole.has(scope)));
}

async function apply(model: Model, keyId: string, step: Change): Promise<void> {
  const { users, apiKeys, roles } = store.identity;
  const refused = () => undefined;
  if ("scopes" in step) {
    model.scopes = step.scopes;
    await apiKeys.update(keyId, { scopes: step.scopes });
  } else if ("isActive" in step) {
    model.user = { ...model.user, isActive: step.isActive };
    await users.update(model.user.id, { isActive: step.isActive });
  } else if ("permissions" in step) {
    const { role: name, permissions } = step;
    const isThere = model.roles.has(name);
    if (step.type === "make role") {
      await roles.insert({ name, description: "", permissions, createdAtMs: 0 }).catch(refused);
      if (!isThere) model.roles.set(name, permissions);
    } else {
      await roles.update(name, { permissions });
      if (isThere) model.roles.set(name, permissions);
    }
  } else if (step.type === "delete role") {
    await roles.delete(step.role).catch(refused);
    if (model.user.role !== step.role) model.roles.delete(step.role);
  } else {
    model.user = { ...model.user, role: step.role };
    await users.update(model.user.id, { role: step.role });
  }
}

test("a key may what both its scopes and its owner's role allow at that moment, whatever changes", async () => {
  const { identity } = store;
  const authenticator = createAuthenticator({
    keys: [],
    source: {
      hasUsers: true,
      findKey: (sha256) => identity.findKey(sha256),
      findToken: async () => undefined,
      onChange: (listener) => identity.onChange(listener),
    },
    isGuarded: true,
    keysUsableMs: 900_000,
    allowedHosts: [],
    address: { origin: undefined, isTls: false },
  });
  let count = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(change, { maxLength: 20, size: "max" }), async (steps) => {
      const number = ++count;
      const user = createUser({ name: `user ${number}`, kind: "person", email: null, role: "red" });
      const secret = createSecret();
      const key = createKey({
        name: user.name,
        ownerId: user.id,
        scopes: [...permissionsOf("operator")],
        prefix: secret.prefix,
        limits: noLimits,
        policy: noPolicy,
        createdBy: user.id,
        createdAtMs: 0,
        expiresAtMs: null,
      });
      await identity.apiKeys.insert(key, { prefix: secret.prefix, sha256: hash("sha256", secret.text) });
      await identity.users.insert(user);
      await identity.roles.insert({ name: "red", description: "", permissions: key.scopes, createdAtMs: 0 });
      const model: Model = { roles: new Map([["red", key.scopes]]), user, scopes: key.scopes };
      const find = async () => {
        try {
          return await authenticator.authenticate({ authorization: `Bearer ${secret.text}` });
        } catch {
          return undefined;
        }
      };
      try {
        for (const step of steps) {
          await apply(model, key.id, step);
          expect((await find())?.permissions).toEqual(allowed(model));
          // The second time from memory.
          expect((await find())?.permissions).toEqual(allowed(model));
        }
      } finally {
        await identity.users.delete(user.id);
        for (const role of custom) await identity.roles.delete(role);
      }
    }),
    { numRuns: 60 },
  );
});
