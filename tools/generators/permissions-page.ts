import {
  permissionNames,
  permissions,
  permissionsOf,
  roleNames,
  roles,
} from "../../packages/server/src/core/permissions.ts";
import { code, formatPage, formatTable } from "./markdown.ts";

/** The page about roles and permissions. */
export function permissionsPage(): string {
  const ofRoles = roleNames.map((role) => [code(role), roles[role]]);
  const ofPermissions = permissionNames.map((permission) => [
    code(permission),
    permissions[permission],
    ...roleNames.map((role) => (permissionsOf(role).has(permission) ? "yes" : "")),
  ]);
  return formatPage([
    "# Roles and permissions",
    "A caller has a role, a role has permissions, and each operation and each inference endpoint names the one permission that it needs: see [operations](operations.md). Without it the answer is 403 `forbidden`.",
    formatTable(["Role", "What it is for"], ofRoles),
    formatTable(["Permission", "What it allows", ...roleNames.map(code)], ofPermissions),
    "Every route of a running server with what it answers to each role is in [contracts/access-matrix.txt](../../contracts/access-matrix.txt); a test asks a running server for its routes, calls each of them as each role, and compares.",
  ]);
}
