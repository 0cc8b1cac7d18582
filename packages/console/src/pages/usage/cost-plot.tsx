import { useState } from "react";
import { Card } from "../../components/card.tsx";
import { SelectField } from "../../components/field.tsx";
import { EmptyState, ErrorState, Skeleton } from "../../components/notice.tsx";
import { Plot, type Series } from "../../components/plot.tsx";
import { useFormats } from "../../components/use-formats.ts";
import { useOperation } from "../../query/use-operation.ts";
import { useText } from "../../text/use-text.ts";
import { usageMessages } from "./messages.ts";
import { bucketOf, type TimeSpan, toQuestion } from "./time-span.ts";
import { sumBy, type UsageRow } from "./usage-sums.ts";

/** As many models have a line of their own. */
const mostLines = 5;
const refreshMs = 30_000;

/** Cost or tokens of each model over the time. */
export function CostPlot({ span }: { readonly span: TimeSpan }) {
  const say = useText(usageMessages);
  const formats = useFormats();
  const [chosen, setChosen] = useState("");
  const bucket = bucketOf(span);
  const question = { ...toQuestion(span), bucket, group_by: "model", percentiles: false };
  const { data, error, refetch } = useOperation("usage.sum", question, { refreshMs });
  const rows = data?.usage ?? [];
  const currencies = [...new Set(rows.flatMap(({ costs }) => costs.map(({ currency }) => currency)))];
  const shown = chosen === "" ? (currencies[0] ?? "tokens") : chosen;
  const timesMs = data === undefined ? [] : timesOf(data, bucket === "hour" ? 3_600_000 : 86_400_000);
  return (
    <Card
      title={say(bucket === "hour" ? "by_hour" : "by_day")}
      actions={
        <SelectField
          label={say("shown")}
          value={shown}
          options={[
            ...currencies.map((value) => ({ value, label: say("cost_in", { currency: value }) })),
            { value: "tokens", label: say("tokens") },
          ]}
          onChange={setChosen}
        />
      }
    >
      {error === null ? null : <ErrorState error={error} onRetry={() => void refetch()} />}
      {data === undefined && error === null ? <Skeleton /> : null}
      {data !== undefined && rows.length === 0 ? (
        <EmptyState icon="chart" title={say("nothing_title")} text={say("nothing_text")} />
      ) : null}
      {rows.length === 0 ? null : (
        <Plot
          label={say(bucket === "hour" ? "by_hour" : "by_day")}
          timesMs={timesMs}
          series={toSeries(rows, { timesMs, shown, others: say("others") })}
          format={(value) => (shown === "tokens" ? formats.count(value) : formats.money(value, shown))}
          height={17}
          isStacked
        />
      )}
    </Card>
  );
}

function timesOf({ from, until }: { readonly from: string; readonly until: string }, stepMs: number) {
  const firstMs = Date.parse(from);
  const count = Math.max(1, Math.round((Date.parse(until) - firstMs) / stepMs));
  return Array.from({ length: count }, (_bucket, at) => firstMs + at * stepMs);
}

interface Lines {
  readonly timesMs: readonly number[];
  /** A currency, or `tokens`. */
  readonly shown: string;
  readonly others: string;
}

/** A line for each of the models that cost most, and one for the others together. */
function toSeries(rows: readonly UsageRow[], { timesMs, shown, others }: Lines): readonly Series[] {
  const names = sumBy(rows, modelOf).map(({ name }) => name);
  const own = new Set(names.slice(0, mostLines));
  const places = new Map(timesMs.map((atMs, at) => [atMs, at]));
  const lines = new Map<string, number[]>();
  for (const name of names)
    lines.set(
      own.has(name) ? name : others,
      timesMs.map(() => 0),
    );
  for (const row of rows) {
    const name = modelOf(row);
    const values = lines.get(own.has(name) ? name : others);
    const at = places.get(Date.parse(row.bucket_start ?? ""));
    if (values !== undefined && at !== undefined) values[at] = (values[at] ?? 0) + valueOf(row, shown);
  }
  return [...lines].map(([label, values]) => ({ label, values }));
}

function modelOf({ model }: UsageRow): string {
  return model ?? "";
}

function valueOf({ costs, input_tokens, output_tokens }: UsageRow, shown: string): number {
  if (shown === "tokens") return input_tokens + output_tokens;
  return costs.find(({ currency }) => currency === shown)?.cost_micros ?? 0;
}
