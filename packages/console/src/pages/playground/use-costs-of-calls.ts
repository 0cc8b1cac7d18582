import type { OperationOutput } from "@llm-platform/client";
import { useState } from "react";
import { useGatheredFeed } from "../../live/use-live.ts";

type EndedCall = Pick<OperationOutput<"requests.list">["requests"][number], "costs" | "unpriced_attempts">;

/** So many ended calls are kept in mind; the oldest are forgotten. */
const mostCalls = 200;

/** What calls that ended while one looked came to, by their ids: the platform tells within a second or so. */
export function useCostsOfCalls(): ReadonlyMap<string, EndedCall> {
  const [calls, setCalls] = useState<ReadonlyMap<string, EndedCall>>(new Map());
  useGatheredFeed("requests", {}, (items) => {
    const ended = items.flatMap(({ data }) => ("id" in data ? [data] : []));
    const told = ended.map(({ id, costs, unpriced_attempts }) => [id, { costs, unpriced_attempts }] as const);
    setCalls((before) => new Map([...before, ...told].slice(-mostCalls)));
  });
  return calls;
}

export type CostsOfCalls = ReturnType<typeof useCostsOfCalls>;
