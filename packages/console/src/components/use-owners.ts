import type { OperationOutput } from "@llm-platform/client";
import { useOperation } from "../query/use-operation.ts";

/** As many as one page has. */
const most = 1_000;

type Owner = OperationOutput<"users.list">["users"][number];

interface Owners {
  readonly users: readonly Owner[];
  /** Name of a user; the id itself where that is not known. */
  nameOf(id: string): string;
  /** Of the ledger: name of the user whose key or login a name in the ledger is; undefined for a key of nobody. */
  userOf(principal: string): string | undefined;
  teamOf(principal: string): string | undefined;
}

/**
 * Users that keys can belong to; none for readers who may not see users.
 * @param isOfLedger whether it is to be known too whose the names in the ledger are, which takes all keys and teams
 */
export function useOwners({ isOfLedger = false } = {}): Owners {
  const more = { isEnabled: isOfLedger };
  const users = useOperation("users.list", { limit: most }).data?.users ?? [];
  const keys = useOperation("keys.list", { limit: most }, more).data?.keys ?? [];
  const teams = useOperation("teams.list", { limit: most }, more).data?.teams ?? [];
  const ownerIds = new Map(keys.map(({ name, owner }) => [name, owner]));
  const byId = new Map(users.map((user) => [user.id, user]));
  const byName = new Map(users.map((user) => [user.name, user]));
  const teamNames = new Map(teams.map(({ id, name }) => [id, name]));
  const find = (principal: string) =>
    ownerIds.has(principal) ? byId.get(ownerIds.get(principal) ?? "") : byName.get(principal);
  return {
    users,
    nameOf: (id) => byId.get(id)?.name ?? id,
    userOf: (principal) => find(principal)?.name,
    teamOf: (principal) => teamNames.get(find(principal)?.team ?? ""),
  };
}
