import { useState } from "react";
import { Button } from "../../components/button.tsx";
import { Plot, type Series } from "../../components/plot.tsx";
import { useFormats } from "../../components/use-formats.ts";
import { useOperation } from "../../query/use-operation.ts";
import { useText } from "../../text/use-text.ts";
import type { Budget } from "./forecast.ts";
import { usageMessages } from "./messages.ts";

const hourMs = 3_600_000;
const dayMs = 86_400_000;

interface BudgetPlotProps {
  readonly budget: Budget;
  /** What the period comes to, in micros. */
  readonly forecast: number | undefined;
}

/** Spending so far in the period, the way that it is going, and the amount that it may come to. */
export function BudgetPlot({ budget, forecast }: BudgetPlotProps) {
  const say = useText(usageMessages);
  const [isOpen, setIsOpen] = useState(false);
  if (budget.period_end === null) return null;
  return (
    <div>
      <Button look="quiet" icon="chart" aria-expanded={isOpen} onClick={() => setIsOpen(!isOpen)}>
        {say(isOpen ? "hide_course" : "show_course")}
      </Button>
      {isOpen ? <Course budget={budget} periodEnd={budget.period_end} forecast={forecast} /> : null}
    </div>
  );
}

function Course({ budget, periodEnd, forecast }: BudgetPlotProps & { readonly periodEnd: string }) {
  const say = useText(usageMessages);
  const formats = useFormats();
  const { currency, period, period_start, amount_micros } = budget;
  const bucket = period === "day" ? "hour" : "day";
  const { data } = useOperation("usage.sum", { from: period_start, bucket, percentiles: false });
  if (data === undefined) return null;
  const spentAt = new Map(
    data.usage.map(({ bucket_start, costs }) => [
      Date.parse(bucket_start ?? ""),
      costs.find((cost) => cost.currency === currency)?.cost_micros ?? 0,
    ]),
  );
  const firstMs = Date.parse(period_start);
  const stepMs = bucket === "hour" ? hourMs : dayMs;
  const count = Math.round((Date.parse(periodEnd) - firstMs) / stepMs);
  const timesMs = Array.from({ length: count }, (_bucket, at) => firstMs + at * stepMs);
  const lastMs = Date.parse(data.until) - stepMs;
  const series: readonly Series[] = [
    { label: say("so_far"), values: addUp(timesMs, spentAt, lastMs), look: "area" },
    { label: say("at_this_pace"), values: toForecast(timesMs, forecast) },
    { label: say("amount"), values: timesMs.map(() => amount_micros), look: "limit" },
  ];
  return (
    <Plot
      label={say("course", { name: budget.name })}
      timesMs={timesMs}
      series={series}
      format={(value) => formats.money(value, currency)}
    />
  );
}

/** The sum of all up to each time; nothing for times that are still to come. */
function addUp(
  timesMs: readonly number[],
  spentAt: ReadonlyMap<number, number>,
  lastMs: number,
): readonly (number | null)[] {
  let sum = 0;
  return timesMs.map((atMs) => {
    if (atMs > lastMs) return null;
    sum += spentAt.get(atMs) ?? 0;
    return sum;
  });
}

/** A straight line from nothing to what it comes to. */
function toForecast(timesMs: readonly number[], forecast: number | undefined): readonly (number | null)[] {
  return timesMs.map((_atMs, at) => (forecast === undefined ? null : (forecast * (at + 1)) / timesMs.length));
}
