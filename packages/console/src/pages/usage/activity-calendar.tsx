import type { OperationOutput } from "@llm-platform/client";
import { useState } from "react";
import { Card } from "../../components/card.tsx";
import { SelectField } from "../../components/field.tsx";
import { HeatMap, type Place } from "../../components/heat-map.tsx";
import { ErrorState, Skeleton } from "../../components/notice.tsx";
import { useNow } from "../../components/time.tsx";
import { useFormats } from "../../components/use-formats.ts";
import { useOperation } from "../../query/use-operation.ts";
import { useText } from "../../text/use-text.ts";
import { dayOf, firstDayMs, toWeeks } from "./calendar-weeks.ts";
import { usageMessages } from "./messages.ts";

type Day = OperationOutput<"usage.sum">["usage"][number];

const refreshMs = 60_000;
const weekMs = 7 * 86_400_000;
const shortMs = 2 * weekMs;
const weekdays = [0, 1, 2, 3, 4, 5, 6] as const;

/** Calls or cost of every day of a year, week by week. */
export function ActivityCalendar() {
  const say = useText(usageMessages);
  const formats = useFormats();
  const [chosen, setChosen] = useState("calls");
  const nowMs = useNow(refreshMs);
  const question = {
    from: new Date(firstDayMs(nowMs)).toISOString(),
    bucket: "day" as const,
    percentiles: false,
  };
  const { data, error, refetch } = useOperation("usage.sum", question, { refreshMs });
  if (data === undefined)
    return error === null ? (
      <Skeleton lines={5} />
    ) : (
      <ErrorState error={error} onRetry={() => void refetch()} />
    );
  const currencies = [...new Set(data.usage.flatMap(({ costs }) => costs.map(({ currency }) => currency)))];
  const weeks = toWeeks(
    nowMs,
    new Map(data.usage.map((day) => [Date.parse(day.bucket_start ?? ""), valueOf(day, chosen)])),
  );
  return (
    <Card
      title={say("activity")}
      actions={
        <SelectField
          label={say("shown")}
          value={chosen}
          options={[
            { value: "calls", label: say("calls") },
            ...currencies.map((value) => ({ value, label: say("cost_in", { currency: value }) })),
          ]}
          onChange={setChosen}
        />
      }
    >
      <HeatMap
        label={say("activity")}
        columnTitle={say("week_of")}
        columns={weeks.map(
          ({ startMs, startsMonth }): Place => ({
            key: String(startMs),
            name: formats.utcDay(startMs),
            // Of the last two weeks no name has room.
            mark:
              startsMonth && startMs < nowMs - shortMs ? formats.utcMonth(startMs + weekMs - 1) : undefined,
          }),
        )}
        rows={weekdays.map((at): Place => {
          const name = formats.weekday(at);
          return { key: name, name, mark: at % 2 === 0 ? name : undefined };
        })}
        values={weeks.map(({ values }) => values)}
        nameOf={(column, row) => {
          const week = weeks[column];
          return week === undefined ? "" : formats.utcDay(dayOf(week, row));
        }}
        format={(value) => (chosen === "calls" ? formats.count(value) : formats.money(value, chosen))}
        isSquare
      />
    </Card>
  );
}

function valueOf({ calls, costs }: Day, shown: string): number {
  if (shown === "calls") return calls;
  return costs.find(({ currency }) => currency === shown)?.cost_micros ?? 0;
}
