import { useState } from "react";
import { AuditTarget } from "../../components/audit-target.tsx";
import { Card } from "../../components/card.tsx";
import type { Column } from "../../components/data-table.tsx";
import { EmptyState } from "../../components/notice.tsx";
import { PagedTable } from "../../components/paged-table.tsx";
import { StateMark } from "../../components/state-mark.tsx";
import { Time } from "../../components/time.tsx";
import { usePages } from "../../query/use-operation.ts";
import { useText } from "../../text/use-text.ts";
import { type AuditRecord, outcomeTones } from "./audit-record.ts";
import { type Filter, toQuestion } from "./filter.ts";
import { auditMessages } from "./messages.ts";
import { RecordDrawer } from "./record-drawer.tsx";

export function RecordTable({ filter }: { readonly filter: Filter }) {
  const say = useText(auditMessages);
  const [open, setOpen] = useState<AuditRecord>();
  const list = usePages("audit.list", toQuestion(filter), ({ records }) => records);
  const columns: readonly Column<AuditRecord>[] = [
    { key: "what", title: say("what"), cell: ({ operation }) => <code>{operation}</code> },
    { key: "on", title: say("on"), cell: ({ target }) => <AuditTarget of={target} /> },
    { key: "who", title: say("who"), cell: ({ actor }) => actor.name },
    { key: "when", title: say("when"), cell: ({ time }) => <Time at={time} /> },
    { key: "address", title: say("address"), cell: ({ address }) => address ?? "" },
    {
      key: "outcome",
      title: say("outcome"),
      cell: ({ outcome }) => <StateMark tone={outcomeTones[outcome]}>{say(`outcome_${outcome}`)}</StateMark>,
    },
  ];
  return (
    <Card>
      <PagedTable
        caption={say("title")}
        columns={columns}
        pages={list}
        keyOf={({ chain, sequence }) => `${chain}.${sequence}`}
        onOpen={(record: AuditRecord) => setOpen(record)}
        empty={<EmptyState icon="scroll" title={say("none_title")} text={say("none_text")} />}
      />
      {open === undefined ? null : <RecordDrawer record={open} onClose={() => setOpen(undefined)} />}
    </Card>
  );
}
