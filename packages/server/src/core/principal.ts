import { type KeyPolicy, noPolicy } from "./key-policy.ts";
import { type LimitValues, noLimits } from "./limits.ts";
import { type PermissionSet, permissionsOf } from "./permissions.ts";

/** How a caller proved who it is: by a key, an access token, being on this machine, or not at all. */
export const principalKinds = ["api_key", "token", "local", "anonymous"] as const;

/** Who makes a call. */
export interface Principal {
  /** What limits count by; never two callers have the same. */
  readonly id: string;
  /** Name shown in the ledger: of the API key or the user, or `local-admin` for a caller from this machine without one. */
  readonly name: string;
  /** How the caller proved it. */
  readonly kind: (typeof principalKinds)[number];
  /** Whose key or token it is; undefined for a key of nobody, and for a caller without one. */
  readonly userId: string | undefined;
  /** Of the login that the token came from; absent for other callers. */
  readonly sessionId?: string | undefined;
  /** Of the user, or of the key of the configuration; absent for a key of nobody. What it allows is in `permissions`. */
  readonly role?: string | undefined;
  readonly permissions: PermissionSet;
  /** Of the key itself; where it has none, the defaults of the configuration hold. */
  readonly limits: LimitValues;
  /** The same of the key's owner; undefined for a caller without one. */
  readonly userLimits: LimitValues | undefined;
  readonly policy: KeyPolicy;
  /** The team of the owner; undefined for a caller without one. */
  readonly teamId: string | undefined;
  /** Of all members of the team together. */
  readonly teamLimits: LimitValues | undefined;
}

/** A caller from this machine, while nobody else is known. */
export const localAdmin: Principal = {
  id: "local-admin",
  name: "local-admin",
  kind: "local",
  userId: undefined,
  role: "admin",
  permissions: permissionsOf("admin"),
  limits: noLimits,
  userLimits: undefined,
  policy: noPolicy,
  teamId: undefined,
  teamLimits: undefined,
};

/** A caller of what anybody may call. */
export const anonymous: Principal = {
  id: "anonymous",
  name: "anonymous",
  kind: "anonymous",
  userId: undefined,
  permissions: new Set(),
  limits: noLimits,
  userLimits: undefined,
  policy: noPolicy,
  teamId: undefined,
  teamLimits: undefined,
};
