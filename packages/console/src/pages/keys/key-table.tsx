import type { ReactNode } from "react";
import type { Column } from "../../components/data-table.tsx";
import { PagedTable } from "../../components/paged-table.tsx";
import { Time } from "../../components/time.tsx";
import { useFormats } from "../../components/use-formats.ts";
import { type PagedRows, useOperation } from "../../query/use-operation.ts";
import { useMay } from "../../session/use-session.ts";
import { useText } from "../../text/use-text.ts";
import type { Key } from "./key-draft.ts";
import { KeyMark } from "./key-state.tsx";
import { keyMessages } from "./messages.ts";

interface KeyTableProps {
  readonly pages: PagedRows<Key>;
  readonly rows: readonly Key[];
  ownerOf(key: Key): string;
  onOpen(key: Key): void;
  readonly empty: ReactNode;
}

export function KeyTable({ pages, rows, ownerOf, onOpen, empty }: KeyTableProps) {
  const say = useText(keyMessages);
  const columns = useColumns(ownerOf);
  return (
    <PagedTable
      caption={say("title")}
      columns={columns}
      pages={pages}
      rows={rows}
      keyOf={({ id }) => id}
      onOpen={onOpen}
      empty={empty}
    />
  );
}

function useColumns(ownerOf: (key: Key) => string): readonly Column<Key>[] {
  const say = useText(keyMessages);
  const may = useMay();
  const budgetOf = useBudgets();
  const limitsOf = useLimits();
  const budget = { key: "budget", title: say("budget"), cell: ({ id }: Key) => budgetOf(id) };
  return [
    { key: "name", title: say("name"), cell: ({ name }) => name },
    { key: "state", title: say("state"), cell: (key) => <KeyMark of={key} /> },
    { key: "prefix", title: say("prefix"), cell: ({ prefix }) => <code>{prefix}</code> },
    { key: "owner", title: say("owner"), cell: ownerOf },
    { key: "may", title: say("may"), cell: ({ scopes }) => say("may_count", { count: scopes.length }) },
    { key: "limits", title: say("limits"), cell: limitsOf },
    ...(may("budgets.list") ? [budget] : []),
    {
      key: "used",
      title: say("last_used"),
      cell: ({ last_used_at }) =>
        last_used_at === null ? say("never") : <Time at={last_used_at} look="distance" />,
    },
    {
      key: "expires",
      title: say("expires"),
      cell: ({ expires_at }) => (expires_at === null ? say("never") : <Time at={expires_at} />),
    },
  ];
}

function useLimits(): (key: Key) => string {
  const say = useText(keyMessages);
  const formats = useFormats();
  return ({ requests_per_minute, tokens_per_minute, max_concurrent }) => {
    const limits = [
      ["per_minute", requests_per_minute],
      ["tokens_per_minute", tokens_per_minute],
      ["at_once_short", max_concurrent],
    ] as const;
    const set = limits.filter(([, limit]) => limit !== null);
    if (set.length === 0) return say("no_limit");
    return set.map(([text, limit]) => say(text, { count: formats.count(limit) })).join(", ");
  };
}

/** What is spent of the budgets of a key. */
function useBudgets(): (id: string) => string {
  const say = useText(keyMessages);
  const formats = useFormats();
  const { data } = useOperation("budgets.list", { scope: "key" });
  return (id) => {
    const own = data?.budgets.filter(({ subject }) => subject === id) ?? [];
    if (own.length === 0) return say("no_limit");
    return own
      .map(({ spent_micros, amount_micros, currency }) =>
        [spent_micros, amount_micros].map((micros) => formats.money(micros, currency)).join(" / "),
      )
      .join(", ");
  };
}
