import { type Column, DataTable } from "../../components/data-table.tsx";
import { EmptyState } from "../../components/notice.tsx";
import { useFormats } from "../../components/use-formats.ts";
import type { Caller } from "../../session/session.ts";
import { useText } from "../../text/use-text.ts";
import { accountMessages } from "./messages.ts";

type Limit = Caller["limits"][number];

export function LimitTable({ limits }: { readonly limits: readonly Limit[] }) {
  const say = useText(accountMessages);
  const formats = useFormats();
  const show = (value: number | null) => (value === null ? say("no_limit") : formats.count(value));
  const columns: readonly Column<Limit>[] = [
    { key: "scope", title: say("scope"), cell: ({ scope }) => scope },
    {
      key: "requests",
      title: say("requests"),
      isNumber: true,
      cell: ({ requests_per_minute }) => show(requests_per_minute),
    },
    {
      key: "tokens",
      title: say("tokens"),
      isNumber: true,
      cell: ({ tokens_per_minute }) => show(tokens_per_minute),
    },
    {
      key: "at_once",
      title: say("at_once"),
      isNumber: true,
      cell: ({ max_concurrent }) => show(max_concurrent),
    },
  ];
  return (
    <DataTable
      caption={say("limits")}
      columns={columns}
      rows={limits}
      keyOf={({ scope }) => scope}
      empty={<EmptyState icon="check" title={say("no_limits_title")} text={say("no_limits_text")} />}
    />
  );
}
