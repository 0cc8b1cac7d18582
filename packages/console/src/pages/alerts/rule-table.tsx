import { useState } from "react";
import { Card } from "../../components/card.tsx";
import { type Column, DataTable } from "../../components/data-table.tsx";
import { SelectField, TextField } from "../../components/field.tsx";
import { EmptyState } from "../../components/notice.tsx";
import { StateMark } from "../../components/state-mark.tsx";
import { useText } from "../../text/use-text.ts";
import { type Rule, severityTone, stateTones } from "./looks.ts";
import { alertMessages } from "./messages.ts";
import styles from "./alerts.module.css";

const states = ["any", "firing", "pending", "inactive", "unknown"] as const;

interface RuleTableProps {
  readonly rules: readonly Rule[];
  onOpen(rule: Rule): void;
}

/** Every rule, with when it would fire. */
export function RuleTable({ rules, onOpen }: RuleTableProps) {
  const say = useText(alertMessages);
  const [search, setSearch] = useState("");
  const [state, setState] = useState<(typeof states)[number]>("any");
  const wanted = search.trim().toLowerCase();
  const shown = rules.filter(
    (rule) =>
      (state === "any" || rule.state === state) &&
      `${rule.name} ${rule.condition} ${rule.severity}`.toLowerCase().includes(wanted),
  );
  const columns: readonly Column<Rule>[] = [
    { key: "name", title: say("alert"), cell: ({ name }) => name },
    {
      key: "severity",
      title: say("severity"),
      cell: ({ severity }) => <StateMark tone={severityTone(severity)}>{severity}</StateMark>,
    },
    {
      key: "state",
      title: say("state"),
      cell: (rule) => <StateMark tone={stateTones[rule.state]}>{say(`state_${rule.state}`)}</StateMark>,
    },
    { key: "when", title: say("when"), cell: ({ condition }) => condition },
  ];
  return (
    <Card title={say("rules")}>
      <p className={styles["soft"]}>{say("rules_text")}</p>
      <div className={styles["filter"]} role="search">
        <TextField label={say("find")} type="search" value={search} onChange={setSearch} />
        <SelectField
          label={say("state")}
          value={state}
          options={states.map((value) => ({ value, label: say(`state_${value}`) }))}
          onChange={setState}
        />
      </div>
      <DataTable
        caption={say("rules")}
        columns={columns}
        rows={shown}
        keyOf={({ name, severity }) => `${name} ${severity}`}
        onOpen={onOpen}
        empty={<EmptyState icon="bell" title={say("no_rules_title")} text={say("no_rules_text")} />}
      />
    </Card>
  );
}
