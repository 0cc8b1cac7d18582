import type { OperationOutput } from "@llm-platform/client";
import { type Column, DataTable } from "../../components/data-table.tsx";
import { EmptyState } from "../../components/notice.tsx";
import { useFormats } from "../../components/use-formats.ts";
import { useOperation } from "../../query/use-operation.ts";
import { useText } from "../../text/use-text.ts";
import { integrationMessages } from "./messages.ts";

type Sample = OperationOutput<"integrations.metrics">["samples"][number];

const refreshMs = 15_000;

/** The same figures as in `/metrics`. */
export function MetricTable({ name }: { readonly name: string }) {
  const say = useText(integrationMessages);
  const formats = useFormats();
  const { data, error, isLoading, refetch } = useOperation("integrations.metrics", { name }, { refreshMs });
  const columns: readonly Column<Sample>[] = [
    { key: "metric", title: say("metric"), cell: ({ name: metric }) => <code>{metric}</code> },
    { key: "value", title: say("value"), isNumber: true, cell: ({ value }) => formats.count(value) },
    { key: "labels", title: say("labels"), cell: ({ labels }) => formatLabels(labels) },
  ];
  return (
    <DataTable
      caption={say("figures")}
      columns={columns}
      rows={data?.samples ?? []}
      keyOf={({ name: metric, labels }) => metric + formatLabels(labels)}
      isLoading={isLoading}
      error={error}
      onRetry={() => void refetch()}
      empty={<EmptyState icon="chart" title={say("no_figures_title")} text={say("no_figures_text")} />}
    />
  );
}

function formatLabels(labels: Sample["labels"]): string {
  return Object.entries(labels)
    .filter(([label]) => label !== "integration")
    .map(([label, value]) => `${label}=${value}`)
    .join(", ");
}
