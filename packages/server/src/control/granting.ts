import { PlatformError } from "@llm-platform/kit";
import { z } from "zod";
import { type Permission, permissionNames, type PermissionSet } from "../core/permissions.ts";
import type { Identity } from "../store/identity.ts";

/** The name of a role that there may be. */
export const roleInput = z
  .string()
  .min(1)
  .max(64)
  .describe("admin, operator, developer, viewer, or a role that was made here.");

/** Permissions to be granted. */
export const permissionList = z.array(z.enum(permissionNames)).min(1);

/** What a role allows. Throws PlatformError `invalid_request` for one that does not exist. */
export async function requireRole({ roles }: Identity, name: string): Promise<PermissionSet> {
  const permissions = await roles.permissionsOf(name);
  if (permissions !== undefined) return permissions;
  throw new PlatformError("invalid_request", `There is no role with the name ${name}.`, { field: "role" });
}

/**
 * Throws PlatformError `forbidden` when a caller would get at, hand out or change more than the caller may: whoever
 * manages keys, users and roles gets no further by it.
 */
export function refuseMoreThanOwn(granted: Iterable<Permission>, own: PermissionSet): void {
  const missing = [...granted].filter((permission) => !own.has(permission));
  if (missing.length === 0) return;
  throw new PlatformError(
    "forbidden",
    `This grants or changes ${missing.join(", ")}, which the caller lacks. Ask somebody who has it.`,
  );
}
