import { Card } from "../../components/card.tsx";
import { type Column, DataTable } from "../../components/data-table.tsx";
import { StateMark } from "../../components/state-mark.tsx";
import { Time } from "../../components/time.tsx";
import type { OperationOutput } from "@llm-platform/client";
import { useOperation } from "../../query/use-operation.ts";
import { useText } from "../../text/use-text.ts";
import { LabelList } from "./label-list.tsx";
import { alertMessages } from "./messages.ts";

type Known = OperationOutput<"alerts.known">["alerts"][number];
const refreshMs = 15_000;

/** What receivers know of, from whomever; nothing where none keeps alerts. */
export function KnownAlerts() {
  const say = useText(alertMessages);
  const { data } = useOperation("alerts.known", {}, { refreshMs });
  if (data === undefined || data.alerts.length === 0) return null;
  const columns: readonly Column<Known>[] = [
    { key: "name", title: say("alert"), cell: ({ name }) => name },
    {
      key: "state",
      title: say("state"),
      cell: ({ is_suppressed: isSuppressed }) => (
        <StateMark tone={isSuppressed ? "none" : "bad"} icon={isSuppressed ? "pause" : "bell"}>
          {say(isSuppressed ? "suppressed" : "told")}
        </StateMark>
      ),
    },
    {
      key: "labels",
      title: say("labels"),
      cell: ({ labels: { alertname: _name, ...labels } }) => <LabelList labels={labels} />,
    },
    { key: "since", title: say("begun"), cell: ({ started_at: at }) => <Time at={at} look="distance" /> },
    { key: "receiver", title: say("channel"), cell: ({ receiver }) => receiver },
  ];
  return (
    <Card title={say("known")}>
      <DataTable
        caption={say("known")}
        columns={columns}
        rows={data.alerts}
        keyOf={({ receiver, labels }) => JSON.stringify([receiver, labels])}
        empty={null}
      />
    </Card>
  );
}
