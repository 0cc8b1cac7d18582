import { type Permission, type Role, roleNames } from "./permissions.ts";

/** A role that was made here, beside those that every platform has. */
export interface CustomRole {
  /** By which users have it. It never changes. */
  readonly name: string;
  readonly description: string;
  readonly permissions: readonly Permission[];
  readonly createdAtMs: number;
}

/** What a role may be called. */
export const roleNamePattern = /^[a-z][a-z0-9_-]{0,62}$/;

/** Whether every platform has the role. */
export function isBuiltIn(name: string): name is Role {
  return roleNames.some((each) => each === name);
}
