import { PlatformError } from "@llm-platform/kit";
import type { User } from "../../core/identity.ts";
import type { Principal } from "../../core/principal.ts";
import type { Identity } from "../../store/identity.ts";
import type { OwnCalls } from "../../store/request-log/request-filter.ts";

/** Whose calls are asked for. */
export interface CallsOf {
  /** Ids. */
  readonly user?: string | undefined;
  readonly team?: string | undefined;
}

/** Most users of a team, and keys of a user, whose calls are looked for together. */
const mostOwners = 500;

/**
 * The principals whose calls are asked for, as far as the caller may see them; undefined for everybody's. Who lacks
 * `usage.read` sees the calls of their own, by any of their keys.
 * @throws PlatformError `forbidden` for another's, `not_found`, `unavailable`
 */
export async function findOwners(
  principal: Principal,
  identity: Pick<Identity, "users" | "apiKeys">,
  { user, team }: CallsOf,
): Promise<readonly OwnCalls[] | undefined> {
  if (principal.permissions.has("usage.read")) {
    if (user === undefined && team === undefined) return undefined;
    const users = await findUsers(identity, { user, team });
    return callsOfUsers(identity, users);
  }
  if (team !== undefined || (user !== undefined && user !== principal.userId))
    throw new PlatformError(
      "forbidden",
      `${principal.name} may see no calls but their own. Ask an admin for the permission usage.read.`,
    );
  return ownCalls(principal, identity);
}

async function ownCalls(
  principal: Principal,
  identity: Pick<Identity, "users" | "apiKeys">,
): Promise<readonly OwnCalls[]> {
  const { userId, name, id, kind } = principal;
  if (userId !== undefined) {
    const user = await identity.users.find(userId);
    return user === undefined ? [] : callsOfUsers(identity, [user]);
  }
  const key = kind === "api_key" ? await identity.apiKeys.find(id) : undefined;
  return [{ principal: name, fromMs: key?.createdAtMs ?? 0 }];
}

async function findUsers(
  { users }: Pick<Identity, "users">,
  { user, team }: CallsOf,
): Promise<readonly User[]> {
  const found = await users.list({
    afterId: "",
    limit: mostOwners,
    ids: user === undefined ? undefined : [user],
    teamIds: team === undefined ? undefined : [team],
  });
  if (user !== undefined && found.length === 0)
    throw new PlatformError("not_found", `There is no user ${user}.`, { field: "user" });
  return found;
}

/** Names are free again once a key is revoked: what was called by one before it was somebody's is not theirs. */
async function callsOfUsers(
  { apiKeys }: Pick<Identity, "apiKeys">,
  users: readonly User[],
): Promise<readonly OwnCalls[]> {
  if (users.length === 0) return [];
  const ownerIds = users.map(({ id }) => id);
  const keys = await apiKeys.list({ afterId: "", limit: mostOwners, ownerIds });
  return [
    ...users.map(({ name, createdAtMs }) => ({ principal: name, fromMs: createdAtMs })),
    ...keys.map(({ name, createdAtMs }) => ({ principal: name, fromMs: createdAtMs })),
  ];
}
