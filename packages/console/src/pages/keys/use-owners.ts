import { useOperation } from "../../query/use-operation.ts";

/** So many users can be chosen from; keys of others show the id of theirs. */
const most = 1_000;

/** Users that a key can belong to; none for readers who may not see users. */
export function useOwners() {
  const { data } = useOperation("users.list", { limit: most });
  const users = data?.users ?? [];
  const names = new Map(users.map(({ id, name }) => [id, name]));
  return { users, nameOf: (id: string) => names.get(id) ?? id };
}
