import type { OperationOutput } from "@llm-platform/client";
import { type Column, DataTable } from "../../components/data-table.tsx";
import { EmptyState } from "../../components/notice.tsx";
import { Time } from "../../components/time.tsx";
import { useOperation } from "../../query/use-operation.ts";
import { useText } from "../../text/use-text.ts";
import { integrationMessages } from "./messages.ts";

type Happened = OperationOutput<"events.list">["events"][number];

/** What the log of events has of one integration, the latest first. */
export function EventTable({ name }: { readonly name: string }) {
  const say = useText(integrationMessages);
  const { data, error, isLoading, refetch } = useOperation("events.list", {
    integration: name,
    after_id: 0,
    limit: 1_000,
  });
  const columns: readonly Column<Happened>[] = [
    { key: "when", title: say("when"), cell: ({ time }) => <Time at={time} /> },
    { key: "event", title: say("event"), cell: ({ type }) => <code>{type}</code> },
    { key: "details", title: say("details"), cell: ({ data: details }) => describe(details) },
  ];
  return (
    <DataTable
      caption={say("events")}
      columns={columns}
      rows={(data?.events ?? []).toReversed()}
      keyOf={({ id, replica }) => `${replica ?? ""}${id}`}
      isLoading={isLoading}
      error={error}
      onRetry={() => void refetch()}
      empty={<EmptyState icon="clock" title={say("no_events_title")} text={say("no_events_text")} />}
    />
  );
}

function describe(details: Happened["data"]): string {
  const { from, to, reason, ...rest } = details;
  const change = typeof from === "string" && typeof to === "string" ? [`${from} → ${to}`] : [];
  const because = typeof reason === "string" ? [reason] : [];
  const others = Object.entries(rest).map(
    ([key, value]) => `${key}: ${typeof value === "string" ? value : JSON.stringify(value)}`,
  );
  return [...change, ...because, ...others].join(" · ");
}
