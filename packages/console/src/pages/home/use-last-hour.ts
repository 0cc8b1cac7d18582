import type { OperationOutput } from "@llm-platform/client";
import { useNow } from "../../components/time.tsx";
import { useOperation } from "../../query/use-operation.ts";

type History = OperationOutput<"usage.history">;
type Minute = History["points"][number];

/** The last hour, minute by minute; minutes without a call are empty. */
export interface LastHour {
  readonly timesMs: readonly number[];
  readonly minutes: readonly (Minute | undefined)[];
  readonly error: Error | null;
  readonly isLoading: boolean;
  /** The worst of the minutes: percentiles cannot be joined. */
  readonly p95Ms: number | null;
  /** Undefined while that is not known. */
  readonly source: Pick<History, "source" | "problem" | "first_content_bounds_ms"> | undefined;
}

const minuteMs = 60_000;
const minuteCount = 60;
const refreshMs = 15_000;

export function useLastHour(): LastHour {
  const nowMs = useNow(refreshMs);
  const firstMs = Math.floor(nowMs / minuteMs) * minuteMs - (minuteCount - 1) * minuteMs;
  const { data, error, isLoading } = useOperation(
    "usage.history",
    { from: new Date(firstMs).toISOString(), bucket: "minute" },
    { refreshMs },
  );
  const byTime = new Map(data?.points.map((point) => [Date.parse(point.bucket_start), point]));
  const timesMs = Array.from({ length: minuteCount }, (_minute, at) => firstMs + at * minuteMs);
  const worst = [...byTime.values()].flatMap(({ duration_ms }) => duration_ms?.p95 ?? []);
  return {
    timesMs,
    minutes: timesMs.map((atMs) => byTime.get(atMs)),
    error,
    isLoading,
    source: data,
    p95Ms: worst.length === 0 ? null : Math.max(...worst),
  };
}
