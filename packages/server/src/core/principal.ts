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
  /** Calls a minute at most; undefined for no limit. */
  readonly requestsPerMinute: number | undefined;
}

/** A caller from this machine, while nobody else is known. */
export const localAdmin: Principal = {
  id: "local-admin",
  name: "local-admin",
  kind: "local",
  userId: undefined,
  permissions: permissionsOf("admin"),
  requestsPerMinute: undefined,
};
