import { SelectField } from "../../components/field.tsx";
import { useOperation } from "../../query/use-operation.ts";
import { useText } from "../../text/use-text.ts";
import type { Budget } from "./forecast.ts";
import { usageMessages } from "./messages.ts";

interface SubjectFieldProps {
  readonly scope: Exclude<Budget["scope"], "global">;
  readonly value: string;
  onChange(subject: string): void;
  readonly problem: string | undefined;
}

const limit = 1_000;

/** Which key, user, team or integration. */
export function SubjectField({ scope, value, onChange, problem }: SubjectFieldProps) {
  const say = useText(usageMessages);
  const keys = useOperation("keys.list", { limit }, { isEnabled: scope === "key" }).data?.keys ?? [];
  const users = useOperation("users.list", { limit }, { isEnabled: scope === "user" }).data?.users ?? [];
  const teams = useOperation("teams.list", { limit }, { isEnabled: scope === "team" }).data?.teams ?? [];
  const running = useOperation("integrations.list", {}, { isEnabled: scope === "integration" }).data;
  const named = { key: keys, user: users, team: teams };
  const options =
    scope === "integration"
      ? (running?.integrations ?? []).map(({ name }) => ({ value: name, label: name }))
      : named[scope].map(({ id, name }) => ({ value: id, label: name }));
  return (
    <SelectField
      label={say(`scope_${scope}`)}
      value={value}
      options={[{ value: "", label: say("choose") }, ...options]}
      onChange={onChange}
      problem={problem}
    />
  );
}
