import { useOperation } from "../../query/use-operation.ts";

/** As many keys and users as one page has; calls of others are nobody's. */
const limit = 1_000;

interface Owners {
  /** Name of the user whose key or login it is; undefined for a key of nobody. */
  userOf(principal: string): string | undefined;
  teamOf(principal: string): string | undefined;
}

/** Whose the names in the ledger are. */
export function useOwners(): Owners {
  const keys = useOperation("keys.list", { limit }).data?.keys ?? [];
  const users = useOperation("users.list", { limit }).data?.users ?? [];
  const teams = useOperation("teams.list", { limit }).data?.teams ?? [];
  const ownerIds = new Map(keys.map(({ name, owner }) => [name, owner]));
  const byId = new Map(users.map((user) => [user.id, user]));
  const byName = new Map(users.map((user) => [user.name, user]));
  const teamNames = new Map(teams.map(({ id, name }) => [id, name]));
  const find = (principal: string) =>
    ownerIds.has(principal) ? byId.get(ownerIds.get(principal) ?? "") : byName.get(principal);
  return {
    userOf: (principal) => find(principal)?.name,
    teamOf: (principal) => teamNames.get(find(principal)?.team ?? ""),
  };
}
