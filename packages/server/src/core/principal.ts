import { type PermissionSet, permissionsOf } from "./permissions.ts";

/** Who makes a call. */
export interface Principal {
  /** Name shown in the ledger: of the API key, or `local-admin` for a caller from this machine without one. */
  readonly name: string;
  /** How the caller proved it. */
  readonly kind: "api_key" | "local";
  readonly permissions: PermissionSet;
  /** Calls a minute at most; undefined for no limit. */
  readonly requestsPerMinute: number | undefined;
}

/** A caller from this machine, while nobody else is known. */
export const localAdmin: Principal = {
  name: "local-admin",
  kind: "local",
  permissions: permissionsOf("admin"),
  requestsPerMinute: undefined,
};
