import type { LimitValues } from "./limits.ts";
import { commonPermissions, type Permission, permissionsOf, type Role } from "./permissions.ts";
import type { Principal } from "./principal.ts";

export const userKinds = ["person", "service_account"] as const;

/** Somebody, or some program, that owns keys. */
export interface User {
  /** `user_` and a random UUID. */
  readonly id: string;
  readonly name: string;
  readonly kind: (typeof userKinds)[number];
  readonly email: string | null;
  readonly role: Role;
  /** Keys of a user who is not active do not work. */
  readonly isActive: boolean;
  /** Of all keys of the user together; where it has none, those of the configuration hold. */
  readonly limits: LimitValues;
  readonly createdAtMs: number;
}

/** An API key, without its text. */
export interface ApiKey {
  /** `key_` and a random UUID. */
  readonly id: string;
  readonly name: string;
  /** Null for a key of nobody, which has its scopes alone for a bound. */
  readonly ownerId: string | null;
  /** What it may do at most. */
  readonly scopes: readonly Permission[];
  /** The first characters of the text. */
  readonly prefix: string;
  /** Where it has none, those of the configuration hold. */
  readonly limits: LimitValues;
  readonly createdAtMs: number;
  /** The id of who made it. */
  readonly createdBy: string;
  readonly expiresAtMs: number | null;
  /** When the text before the last rotation stops working; null when there was none. */
  readonly previousExpiresAtMs: number | null;
  /** Good to half a minute. */
  readonly lastUsedAtMs: number | null;
  readonly revokedAtMs: number | null;
}

/** A key as it was found by its text. */
export interface FoundKey {
  readonly key: ApiKey;
  /** Undefined for a key of nobody. */
  readonly owner: User | undefined;
  /** Whether it was found by the text before the last rotation. */
  readonly isPrevious: boolean;
}

/** A caller with a key that works, and until when it does. */
export interface KeyHolder {
  readonly principal: Principal;
  /** Since the epoch; infinite for a key that does not expire. */
  readonly expiresAtMs: number;
}

/**
 * Who calls with a key; undefined when it does not work now.
 * @param nowMs since the epoch
 */
export function toKeyHolder({ key, owner, isPrevious }: FoundKey, nowMs: number): KeyHolder | undefined {
  const expiresAtMs = Math.min(
    key.expiresAtMs ?? Number.POSITIVE_INFINITY,
    isPrevious ? (key.previousExpiresAtMs ?? 0) : Number.POSITIVE_INFINITY,
  );
  const isOwned = key.ownerId !== null;
  if (key.revokedAtMs !== null || expiresAtMs <= nowMs) return undefined;
  if (isOwned && owner?.isActive !== true) return undefined;
  const scopes = new Set(key.scopes);
  return {
    principal: {
      id: key.id,
      name: key.name,
      kind: "api_key",
      userId: owner?.id,
      permissions: owner === undefined ? scopes : commonPermissions(scopes, permissionsOf(owner.role)),
      limits: key.limits,
      userLimits: owner?.limits,
    },
    expiresAtMs,
  };
}
