import { type KeyPolicy, noPolicy } from "./key-policy.ts";
import { type LimitValues, noLimits } from "./limits.ts";
import { commonPermissions, type Permission, type PermissionSet } from "./permissions.ts";
import type { Principal } from "./principal.ts";
import type { Team } from "./team.ts";

/** Kinds of users that are made by hand. */
export const localUserKinds = ["person", "service_account"] as const;
/** All of them; those of an OpenID Connect provider are made when they come first. */
export const userKinds = [...localUserKinds, "oidc"] as const;

/** Somebody, or some program, that owns keys. */
export interface User {
  /** `user_` and a random UUID, or for a provider's user a hash of issuer and subject. */
  readonly id: string;
  readonly name: string;
  readonly kind: (typeof userKinds)[number];
  readonly email: string | null;
  /** By its name. Who has one that does not exist may do nothing. */
  readonly role: string;
  /** Null for a user without a team. */
  readonly teamId: string | null;
  /** Keys of a user who is not active do not work. */
  readonly isActive: boolean;
  /** Of all keys of the user together; where it has none, those of the configuration hold. */
  readonly limits: LimitValues;
  readonly createdAtMs: number;
}

/** A user with what the role allows and the team shares, as of now. */
export interface Member {
  readonly user: User;
  readonly permissions: PermissionSet;
  readonly team: Team | undefined;
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
  readonly policy: KeyPolicy;
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

/** A login that goes on until it ends or is ended. */
export interface Session {
  /** `session_` and a random UUID. */
  readonly id: string;
  readonly userId: string;
  readonly createdAtMs: number;
  /** When its last refresh token expires. */
  readonly expiresAtMs: number;
  readonly revokedAtMs: number | null;
}

/** A key as it was found by its text. */
export interface FoundKey {
  readonly key: ApiKey;
  /** Undefined for a key of nobody. */
  readonly owner: Member | undefined;
  /** Whether it was found by the text before the last rotation. */
  readonly isPrevious: boolean;
}

/** A caller with a key or a token that works, and until when it does. */
export interface KeyHolder {
  readonly principal: Principal;
  /** Since the epoch; infinite for a key that does not expire. */
  readonly expiresAtMs: number;
}

/**
 * Who calls with a token of a session; undefined when that has ended, or its user may not call.
 * @param expiresAtMs of the token, since the epoch
 */
export function toTokenHolder(
  { session, member }: { readonly session: Session | undefined; readonly member: Member | undefined },
  expiresAtMs: number,
): KeyHolder | undefined {
  if (session === undefined || session.revokedAtMs !== null || member?.user.id !== session.userId)
    return undefined;
  return toUserHolder(member, expiresAtMs, session.id);
}

/** Who calls with a token of a user; undefined for one who may not call. */
export function toUserHolder(
  member: Member | undefined,
  expiresAtMs: number,
  sessionId?: string,
): KeyHolder | undefined {
  if (member === undefined || !member.user.isActive) return undefined;
  const { user, permissions, team } = member;
  return {
    principal: {
      id: user.id,
      name: user.name,
      kind: "token",
      userId: user.id,
      sessionId,
      role: user.role,
      // What the role allows now, not what it allowed when the token was made.
      permissions,
      limits: noLimits,
      userLimits: user.limits,
      policy: noPolicy,
      teamId: team?.id,
      teamLimits: team?.limits,
    },
    expiresAtMs,
  };
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
  if (isOwned && owner?.user.isActive !== true) return undefined;
  const scopes = new Set(key.scopes);
  return {
    principal: {
      id: key.id,
      name: key.name,
      kind: "api_key",
      userId: owner?.user.id,
      role: owner?.user.role,
      permissions: owner === undefined ? scopes : commonPermissions(scopes, owner.permissions),
      limits: key.limits,
      userLimits: owner?.user.limits,
      policy: key.policy,
      teamId: owner?.team?.id,
      teamLimits: owner?.team?.limits,
    },
    expiresAtMs,
  };
}

/** Word of a change of who may call. */
export interface IdentityNews {
  readonly by: "here" | "elsewhere";
  /**
   * `missed`: something may have been changed, and it is not known what. A change failed half-way, or for a while nothing
   * was heard of other servers.
   */
  readonly type: "changed" | "missed";
}
