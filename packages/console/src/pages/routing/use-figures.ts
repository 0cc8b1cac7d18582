import type { OperationOutput } from "@llm-platform/client";
import { useNow } from "../../components/time.tsx";
import { useOperation } from "../../query/use-operation.ts";

/** What a place did in the last hour. */
export interface PlaceFigures {
  readonly attempts: number;
  /** Attempts that failed, but for those that their client gave up. */
  readonly failed: number;
  readonly p95Ms: number | null;
}

const minuteMs = 60_000;
const hourMs = 3_600_000;
const refreshMs = 15_000;

/** By target; undefined for readers who may not see it, and until it is there. */
export function useFigures(): ReadonlyMap<string, PlaceFigures> | undefined {
  const nowMs = useNow(minuteMs);
  const from = new Date(Math.floor(nowMs / minuteMs) * minuteMs - hourMs).toISOString();
  const { data } = useOperation("usage.sum", { from, group_by: "integration,model" }, { refreshMs });
  if (data === undefined) return undefined;
  return new Map(data.usage.map((row) => [`${row.integration ?? ""}/${row.model ?? ""}`, toFigures(row)]));
}

function toFigures(row: OperationOutput<"usage.sum">["usage"][number]): PlaceFigures {
  const { cancelled: _givenUp, ...failures } = row.errors;
  return {
    attempts: row.attempts,
    failed: Object.values(failures).reduce((sum, count) => sum + count, 0),
    p95Ms: row.duration_ms?.p95 ?? null,
  };
}
