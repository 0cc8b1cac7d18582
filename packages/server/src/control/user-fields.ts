import { PlatformError } from "@llm-platform/kit";
import { z } from "zod";
import { type User, userKinds } from "../core/identity.ts";
import type { PermissionSet } from "../core/permissions.ts";
import type { Identity } from "../store/identity.ts";
import { refuseMoreThanOwn } from "./granting.ts";
import { limitOutput, toLimitFields } from "./limit-fields.ts";

/** A user as it is shown. */
export const userSchema = z.object({
  id: z.string(),
  name: z.string(),
  kind: z.enum(userKinds),
  email: z.string().nullable(),
  role: z.string(),
  team: z.string().nullable().describe("Id of the user's team; null for none."),
  is_active: z.boolean().describe("Keys of a user who is not active do not work."),
  ...limitOutput,
  created_at: z.string(),
});

export const userId = z.strictObject({ id: z.string().min(1).max(64) });

export function requireUser(user: User | undefined, id: string): User {
  if (user !== undefined) return user;
  throw new PlatformError("not_found", `There is no user with the id ${id}.`);
}

/**
 * A user that a caller may change. Throws PlatformError `not_found`, and `forbidden` for one who may do what the caller
 * may not: who sets the password of an admin is one.
 */
export async function findWithin(identity: Identity, id: string, own: PermissionSet): Promise<User> {
  const user = requireUser(await identity.users.find(id), id);
  const { permissions } = await identity.toMember(user);
  refuseMoreThanOwn(permissions, own);
  return user;
}

/** What the audit log is told of a change to a user of whom nothing is shown before. */
export function userAudit({ users }: Identity) {
  return {
    target: ({ id }: z.output<typeof userId>) => ({ type: "user", id, name: null }),
    nameOf: async ({ id }: z.output<typeof userId>) => (await users.find(id))?.name,
  };
}

export function toUserRow(user: User): z.output<typeof userSchema> {
  return {
    id: user.id,
    name: user.name,
    kind: user.kind,
    email: user.email,
    role: user.role,
    team: user.teamId,
    is_active: user.isActive,
    ...toLimitFields(user.limits),
    created_at: new Date(user.createdAtMs).toISOString(),
  };
}
