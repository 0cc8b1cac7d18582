import { useState } from "react";
import { Card } from "../../components/card.tsx";
import { type Column, DataTable } from "../../components/data-table.tsx";
import { SelectField } from "../../components/field.tsx";
import { EmptyState } from "../../components/notice.tsx";
import { StateMark } from "../../components/state-mark.tsx";
import { useFormats } from "../../components/use-formats.ts";
import { useOperation } from "../../query/use-operation.ts";
import { useMay } from "../../session/use-session.ts";
import { useText } from "../../text/use-text.ts";
import { usageMessages } from "./messages.ts";
import { type TimeSpan, toQuestion } from "./time-span.ts";
import { useOwners } from "../../components/use-owners.ts";
import { sumBy, type UsageRow, type UsageTotal } from "./usage-sums.ts";

const kinds = ["model", "key", "user", "team", "integration"] as const;
type Kind = (typeof kinds)[number];

const dimension = {
  model: "model",
  key: "principal",
  user: "principal",
  team: "principal",
  integration: "integration",
} as const;
const refreshMs = 30_000;

/** The same sums by whoever or whatever caused them. */
export function UsageTable({ span }: { readonly span: TimeSpan }) {
  const say = useText(usageMessages);
  const may = useMay();
  const owners = useOwners({ isOfLedger: true });
  const [kind, setKind] = useState<Kind>("model");
  const question = { ...toQuestion(span), group_by: dimension[kind], percentiles: false };
  const { data, error, isLoading, refetch } = useOperation("usage.sum", question, { refreshMs });
  const seesOwners = may("keys.list") && may("users.list");
  const offered = kinds.filter((each) => seesOwners || (each !== "user" && each !== "team"));
  const nameOf = (row: UsageRow) => {
    const principal = row.principal ?? "";
    if (kind === "user") return owners.userOf(principal) ?? say("nobody");
    if (kind === "team") return owners.teamOf(principal) ?? say("no_team");
    return row.model ?? row.integration ?? principal;
  };
  const columns = useColumns(say(`by_${kind}`));
  return (
    <Card
      title={say("by_whom")}
      actions={
        <SelectField
          label={say("by")}
          value={kind}
          options={offered.map((value) => ({ value, label: say(`by_${value}`) }))}
          onChange={setKind}
        />
      }
    >
      <DataTable
        caption={say("by_whom")}
        columns={columns}
        rows={sumBy(data?.usage ?? [], nameOf)}
        keyOf={({ name }) => name}
        isLoading={isLoading}
        error={error}
        onRetry={() => void refetch()}
        empty={<EmptyState icon="coins" title={say("nothing_title")} text={say("nothing_text")} />}
      />
    </Card>
  );
}

function useColumns(title: string): readonly Column<UsageTotal>[] {
  const say = useText(usageMessages);
  const { count, money } = useFormats();
  const number = (key: string, head: string, cell: (row: UsageTotal) => string): Column<UsageTotal> => ({
    key,
    title: head,
    isNumber: true,
    cell,
  });
  return [
    { key: "name", title, cell: ({ name }) => name },
    number("cost", say("cost"), ({ costs, unpricedAttempts }) =>
      costs.size === 0
        ? say(unpricedAttempts === 0 ? "no_cost" : "unknown_cost")
        : [...costs].map(([currency, micros]) => money(micros, currency)).join(" + "),
    ),
    number("calls", say("calls"), ({ calls }) => count(calls)),
    number("input", say("input"), ({ inputTokens }) => count(inputTokens)),
    number("output", say("output"), ({ outputTokens }) => count(outputTokens)),
    number("failed", say("failed"), ({ failed }) => count(failed)),
    {
      key: "marks",
      title: say("exactness"),
      cell: ({ estimatedAttempts, unpricedAttempts }) => (
        <>
          {estimatedAttempts === 0 ? (
            <StateMark tone="good">{say("reported")}</StateMark>
          ) : (
            <StateMark tone="calm">{say("some_estimated", { count: estimatedAttempts })}</StateMark>
          )}{" "}
          {unpricedAttempts === 0 ? null : (
            <StateMark tone="warn">{say("some_unpriced", { count: unpricedAttempts })}</StateMark>
          )}
        </>
      ),
    },
  ];
}
