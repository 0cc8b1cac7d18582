import { randomUUID } from "node:crypto";
import type { User } from "../core/identity.ts";
import { noPolicy } from "../core/key-policy.ts";
import { noLimits } from "../core/limits.ts";
import type { PermissionSet } from "../core/permissions.ts";
import type { Identity } from "../store/identity.ts";
import { createKey, createSecret } from "./new-key.ts";

/** A user who has not called yet. */
export function createUser(
  facts: Pick<User, "name" | "kind" | "email" | "role"> & Partial<Pick<User, "limits" | "teamId">>,
): User {
  return {
    limits: noLimits,
    teamId: null,
    ...facts,
    id: `user_${randomUUID()}`,
    isActive: true,
    createdAtMs: Date.now(),
  };
}

export interface NewOwner {
  readonly user: User;
  /** What the user's role allows, and the key with it. */
  readonly scopes: PermissionSet;
  /** The id of who makes them. */
  readonly createdBy: string;
}

/** Stores a user with a key of the same name. Resolves with the key's text. Rejects with PlatformError. */
export async function insertWithKey(
  identity: Identity,
  { user, scopes, createdBy }: NewOwner,
): Promise<string> {
  const secret = createSecret();
  const key = createKey({
    name: user.name,
    ownerId: user.id,
    scopes: [...scopes],
    prefix: secret.prefix,
    limits: noLimits,
    policy: noPolicy,
    createdBy,
    createdAtMs: user.createdAtMs,
    expiresAtMs: null,
  });
  // The key first, which does nothing without its owner: a first user without one would lock everybody out.
  await identity.apiKeys.insert(key, secret);
  try {
    await identity.users.insert(user);
  } catch (error) {
    await identity.apiKeys.revoke(key.id, Date.now());
    throw error;
  }
  return secret.text;
}
