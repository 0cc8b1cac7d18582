import { type LimitValues, noLimits } from "./limits.ts";
import { type PermissionSet, permissionsOf } from "./permissions.ts";

/** Who makes a call. */
export interface Principal {
  /** What limits count by; never two callers have the same. */
  readonly id: string;
  /** Name shown in the ledger: of the API key, or `local-admin` for a caller from this machine without one. */
  readonly name: string;
  /** How the caller proved it. */
  readonly kind: "api_key" | "local";
  /** Whose key it is; undefined for a key of nobody, and for a caller without one. */
  readonly userId: string | undefined;
  readonly permissions: PermissionSet;
  /** Of the key itself; where it has none, the defaults of the configuration hold. */
  readonly limits: LimitValues;
  /** The same of the key's owner; undefined for a caller without one. */
  readonly userLimits: LimitValues | undefined;
}

/** A caller from this machine, while nobody else is known. */
export const localAdmin: Principal = {
  id: "local-admin",
  name: "local-admin",
  kind: "local",
  userId: undefined,
  permissions: permissionsOf("admin"),
  limits: noLimits,
  userLimits: undefined,
};
