import { useMemo } from "react";
import { Link } from "wouter";
import type { Column } from "../../components/data-table.tsx";
import { EmptyState } from "../../components/notice.tsx";
import { PagedTable } from "../../components/paged-table.tsx";
import { StateMark } from "../../components/state-mark.tsx";
import { TimeSince, useNow } from "../../components/time.tsx";
import { useFormats } from "../../components/use-formats.ts";
import type { PagedRows } from "../../query/use-operation.ts";
import { useText } from "../../text/use-text.ts";
import { requestMessages } from "./messages.ts";
import type { RequestRow } from "./request-filter.ts";
import { statusTones } from "./request-status.ts";
import { useCosts } from "./use-costs.ts";

interface RequestTableProps {
  readonly rows: readonly RequestRow[];
  readonly pages: PagedRows<RequestRow>;
  readonly isFiltered: boolean;
}

export function RequestTable({ rows, pages, isFiltered }: RequestTableProps) {
  const say = useText(requestMessages);
  return (
    <PagedTable
      caption={say("title")}
      columns={useColumns()}
      pages={pages}
      rows={rows}
      keyOf={({ id }) => id}
      empty={
        isFiltered ? (
          <EmptyState icon="search" title={say("none_title")} text={say("none_text")} />
        ) : (
          <EmptyState icon="list" title={say("empty_title")} text={say("empty_text")} />
        )
      }
    />
  );
}

function useColumns(): readonly Column<RequestRow>[] {
  const say = useText(requestMessages);
  const formats = useFormats();
  const showCosts = useCosts();
  const nowMs = useNow(60_000);
  return useMemo(
    () => [
      {
        key: "started",
        title: say("started"),
        isStateless: true,
        cell: ({ id, started_at }) => (
          <Link href={`/requests/${encodeURIComponent(id)}`} title={id}>
            <TimeSince at={started_at} nowMs={nowMs} />
          </Link>
        ),
      },
      {
        key: "status",
        title: say("status"),
        isStateless: true,
        cell: ({ status }) => <StateMark tone={statusTones[status]}>{say(`status_${status}`)}</StateMark>,
      },
      { key: "why", title: say("why"), cell: ({ error_code }) => error_code ?? "" },
      { key: "model", title: say("model"), cell: ({ requested_model }) => requested_model || say("nothing") },
      { key: "target", title: say("target"), cell: ({ integration }) => integration ?? say("nowhere") },
      { key: "principal", title: say("principal"), cell: ({ principal }) => principal },
      {
        key: "duration",
        title: say("duration"),
        isNumber: true,
        cell: ({ duration_ms }) => formats.duration(duration_ms),
      },
      {
        key: "first",
        title: say("first"),
        isNumber: true,
        cell: ({ first_byte_ms }) => formats.duration(first_byte_ms),
      },
      {
        key: "tokens",
        title: say("tokens"),
        isNumber: true,
        cell: ({ input_tokens, output_tokens }) =>
          `${formats.count(input_tokens)} + ${formats.count(output_tokens)}`,
      },
      { key: "cost", title: say("cost"), isNumber: true, cell: showCosts },
      {
        key: "attempts",
        title: say("attempts"),
        isNumber: true,
        cell: ({ attempt_count }) => formats.count(attempt_count),
      },
    ],
    [say, formats, showCosts, nowMs],
  );
}
