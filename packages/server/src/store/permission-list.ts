import { type Permission, permissionNames } from "../core/permissions.ts";

/** Permissions as they stand in a row. */
export function toPermissionText(permissions: readonly Permission[]): string {
  return JSON.stringify(permissions);
}

/** Permissions that this version does not know are none. */
export function fromPermissionText(text: string): readonly Permission[] {
  // Only `toPermissionText` writes such columns.
  const names: unknown = JSON.parse(text);
  return permissionNames.filter((name) => Array.isArray(names) && names.includes(name));
}
