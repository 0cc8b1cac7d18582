import { useState } from "react";
import { TextField } from "../../components/field.tsx";
import { ErrorState, Notice, Skeleton } from "../../components/notice.tsx";
import { PageFrame } from "../../components/page.tsx";
import { useOperation } from "../../query/use-operation.ts";
import { Allowed } from "../../session/allowed.tsx";
import { useText } from "../../text/use-text.ts";
import { ActivityCalendar } from "./activity-calendar.tsx";
import { Budgets } from "./budgets.tsx";
import { CostPlot } from "./cost-plot.tsx";
import { ExportButton } from "./export-button.tsx";
import { usageMessages } from "./messages.ts";
import { rangeNames, type TimeSpan, toQuestion } from "./time-span.ts";
import { Totals } from "./totals.tsx";
import styles from "./usage.module.css";
import { UsageTable } from "./usage-table.tsx";

/** What was used, what it cost, and how much of the budgets is left. */
export function Page() {
  const say = useText(usageMessages);
  const [span, setSpan] = useState<TimeSpan>(lastThirtyDays);
  return (
    <PageFrame title={say("title")} lead={say("lead")} actions={<ExportButton span={span} />}>
      <SpanChoice span={span} onChange={setSpan} />
      {toQuestion(span) === undefined ? (
        <Notice tone="warn">{say("bad_days")}</Notice>
      ) : (
        <Figures span={span} />
      )}
      <ActivityCalendar />
      <Allowed to="budgets.list">
        <Budgets />
      </Allowed>
    </PageFrame>
  );
}

function lastThirtyDays(): TimeSpan {
  const day = (agoMs: number) => new Date(Date.now() - agoMs).toISOString().slice(0, 10);
  return { range: "30d", firstDay: day(6 * 86_400_000), lastDay: day(0) };
}

function SpanChoice({ span, onChange }: { readonly span: TimeSpan; onChange(span: TimeSpan): void }) {
  const say = useText(usageMessages);
  return (
    <div className={styles["choice"]}>
      <fieldset className={styles["ranges"]}>
        <legend>{say("range")}</legend>
        {rangeNames.map((range) => (
          <label key={range}>
            <input
              type="radio"
              name="range"
              checked={span.range === range}
              onChange={() => onChange({ ...span, range })}
            />
            {say(`range_${range}`)}
          </label>
        ))}
      </fieldset>
      {span.range === "custom" ? (
        <>
          <TextField
            label={say("first_day")}
            type="date"
            value={span.firstDay}
            onChange={(firstDay) => onChange({ ...span, firstDay })}
          />
          <TextField
            label={say("last_day")}
            type="date"
            value={span.lastDay}
            onChange={(lastDay) => onChange({ ...span, lastDay })}
          />
        </>
      ) : null}
    </div>
  );
}

const refreshMs = 30_000;

function Figures({ span }: { readonly span: TimeSpan }) {
  const question = { ...toQuestion(span), percentiles: false };
  const { data, error, refetch } = useOperation("usage.sum", question, { refreshMs });
  if (data === undefined)
    return error === null ? (
      <Skeleton lines={6} />
    ) : (
      <ErrorState error={error} onRetry={() => void refetch()} />
    );
  return (
    <>
      <Totals sums={data} />
      <CostPlot span={span} />
      <UsageTable span={span} />
    </>
  );
}
