import { PlatformError } from "@llm-platform/kit";
import type { ApiKey, Member } from "../core/identity.ts";
import type { Permission } from "../core/permissions.ts";
import type { Identity } from "../store/identity.ts";

/** Whose key it is to be; undefined for a key of nobody. Throws PlatformError `invalid_request` for no user. */
export async function findOwner(identity: Identity, id: string | undefined): Promise<Member | undefined> {
  if (id === undefined) return undefined;
  const owner = await identity.users.find(id);
  if (owner !== undefined) return identity.toMember(owner);
  throw new PlatformError("invalid_request", "`owner` is not the id of a user.", { field: "owner" });
}

/** Whose key it is; undefined for a key of nobody. Throws PlatformError `conflict` for one whose owner is gone. */
export async function ownerOf(identity: Identity, { id, ownerId }: ApiKey): Promise<Member | undefined> {
  if (ownerId === null) return undefined;
  const owner = await identity.users.find(ownerId);
  if (owner !== undefined) return identity.toMember(owner);
  throw new PlatformError(
    "conflict",
    `The owner of the key ${id} was deleted: it works no longer. Revoke it.`,
  );
}

/** Throws PlatformError `invalid_request` for scopes that would never count, as the owner may not do that. */
export function refuseMoreThanOwner(scopes: readonly Permission[], owner: Member | undefined): void {
  if (owner === undefined) return;
  const missing = scopes.filter((scope) => !owner.permissions.has(scope));
  if (missing.length === 0) return;
  throw new PlatformError(
    "invalid_request",
    `The owner's role ${owner.user.role} does not allow ${missing.join(", ")}. Leave them out, or give the owner another role.`,
    { field: "scopes" },
  );
}
