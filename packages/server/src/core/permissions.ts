import { PlatformError } from "@llm-platform/kit";

/** Everything that a caller can be allowed to, and what it means. The set is closed: an operation names one of them. */
export const permissions = {
  "inference.call": "Call models.",
  "models.read": "See models and which of them are loaded.",
  "models.write": "Load, unload, pull and delete models.",
  "models.import": "Pull models from any address, and take over files of the server's machine.",
  "routes.write": "Make, change and delete routes and aliases.",
  "integrations.read": "See integrations, their states, metrics and settings without secrets.",
  "integrations.write": "Restart integrations and change their settings.",
  "events.read": "Follow what changes.",
  "usage.read": "See the usage ledger and the request log of everybody.",
  "usage.read_own": "See the requests of one's own.",
  "budgets.read": "See budgets, and what is spent of them.",
  "budgets.write": "Make, change and delete budgets.",
  "content.read": "Read what calls asked and were answered, where it was kept.",
  "usage.write": "Reckon the costs in the usage ledger anew.",
  "graphql.explore": "See the schema of the GraphQL API, and use its page.",
  "prices.read": "See what models cost.",
  "prices.write": "Set what models cost.",
  "metrics.read": "Scrape `/metrics`.",
  "system.read": "See version, load and routes of the server, and how much it logs.",
  "system.write": "Set how much the server logs.",
  "settings.read":
    "See the server's settings without secrets and what it stands on, and make support bundles.",
  "self.read": "See who one is.",
  "self.write": "End one's own session, and change one's own password.",
  "users.read": "See users.",
  "users.write": "Make, change and delete users.",
  "keys.read": "See API keys, never their text.",
  "keys.write": "Make, change, rotate and revoke API keys.",
  "teams.read": "See teams and their limits.",
  "teams.write": "Make, change and delete teams.",
  "roles.read": "See roles and what each allows.",
  "roles.write": "Make, change and delete roles.",
  "audit.read": "See and verify the audit log.",
  "backup.manage": "Make backups, which hold everything that the platform stores.",
  "secrets.manage": "See under which master keys secrets are sealed, rotate the key, and unseal.",
} as const;

export type Permission = keyof typeof permissions;

export type PermissionSet = ReadonlySet<Permission>;

/** The roles that every platform has, and what each is for. They never change; others can be made. */
export const roles = {
  admin: "Everything.",
  operator: "Runs the platform: models, integrations, usage.",
  developer: "Calls models.",
  viewer: "Looks, and neither changes nor spends anything.",
} as const;

export type Role = keyof typeof roles;

// Only literals stand in the two tables above.
export const permissionNames = Object.keys(permissions) as Permission[];
export const roleNames = Object.keys(roles) as [Role, ...Role[]];

const reading: readonly Permission[] = [
  "models.read",
  "integrations.read",
  "events.read",
  "usage.read",
  "usage.read_own",
  "prices.read",
  "budgets.read",
  "metrics.read",
  "system.read",
  "roles.read",
  "self.read",
  "self.write",
];

const granted: Readonly<Record<Role, PermissionSet>> = {
  admin: new Set(permissionNames),
  operator: new Set([
    ...reading,
    "inference.call",
    "graphql.explore",
    "models.write",
    "routes.write",
    "integrations.write",
    "system.write",
    "settings.read",
    "users.read",
    "keys.read",
    "teams.read",
    "audit.read",
  ]),
  developer: new Set([
    "inference.call",
    "graphql.explore",
    "models.read",
    "usage.read_own",
    "self.read",
    "self.write",
  ]),
  viewer: new Set(reading),
};

/** What a role allows that every platform has. */
export function permissionsOf(role: Role): PermissionSet {
  return granted[role];
}

/** What each of the sets allows. */
export function commonPermissions(...sets: readonly PermissionSet[]): PermissionSet {
  return new Set(permissionNames.filter((permission) => sets.every((each) => each.has(permission))));
}

/** The roles of every platform that allow something. */
export function rolesWith(permission: Permission): readonly Role[] {
  return roleNames.filter((role) => granted[role].has(permission));
}

/** Throws PlatformError `forbidden` for a caller who is not allowed to. */
export function requirePermission(
  { name, permissions: allowed }: { readonly name: string; readonly permissions: PermissionSet },
  permission: Permission,
): void {
  if (allowed.has(permission)) return;
  throw new PlatformError(
    "forbidden",
    `${name} lacks the permission ${permission}. Ask an admin for one of the roles ${rolesWith(permission).join(", ")}.`,
  );
}
