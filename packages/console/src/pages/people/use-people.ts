import type { OperationOutput } from "@llm-platform/client";
import type { ToldSecret } from "../../components/shown-secret.tsx";
import { useFormats } from "../../components/use-formats.ts";
import { useOperation } from "../../query/use-operation.ts";
import { useText } from "../../text/use-text.ts";
import { peopleMessages } from "./messages.ts";

export type User = OperationOutput<"users.list">["users"][number];
export type Team = OperationOutput<"teams.list">["teams"][number];
export type Role = OperationOutput<"roles.list">["roles"][number];
export type Session = OperationOutput<"sessions.list">["sessions"][number];

/** What is handed over to somebody, once. */
export interface Handover {
  readonly name: string;
  readonly secrets: readonly ToldSecret[];
}

/** So many can be chosen from; of others their ids are shown. */
const most = 1_000;

export function useTeams() {
  const { data } = useOperation("teams.list", { limit: most });
  const teams = data?.teams ?? [];
  const names = new Map(teams.map(({ id, name }) => [id, name]));
  return { teams, nameOf: (id: string) => names.get(id) ?? id };
}

export function useUserNames(): (id: string) => string {
  const { data } = useOperation("users.list", { limit: most });
  const names = new Map(data?.users.map(({ id, name }) => [id, name]));
  return (id) => names.get(id) ?? id;
}

/** Names of the roles that there are. */
export function useRoleNames(): readonly string[] {
  return useOperation("roles.list", {}).data?.roles.map(({ name }) => name) ?? [];
}

/** The limits of somebody in a few words. */
export function useLimits(): (
  limits: Pick<User, "requests_per_minute" | "tokens_per_minute" | "max_concurrent">,
) => string {
  const say = useText(peopleMessages);
  const formats = useFormats();
  return ({ requests_per_minute, tokens_per_minute, max_concurrent }) => {
    const set = [
      ["per_minute", requests_per_minute],
      ["tokens_per_minute", tokens_per_minute],
      ["at_once", max_concurrent],
    ] as const;
    const words = set.flatMap(([text, limit]) =>
      limit === null ? [] : [say(text, { count: formats.count(limit) })],
    );
    return words.length === 0 ? say("nothing") : words.join(", ");
  };
}
