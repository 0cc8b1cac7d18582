import type { OperationOutput } from "@llm-platform/client";
import type { Tone } from "../../components/state-mark.tsx";

export type ListedRoute = OperationOutput<"routes.list">["routes"][number];
export type Policy = OperationOutput<"routes.list">["policy"];
export type Place = OperationOutput<"routes.explain">["candidates"][number];

export const stateTones: Readonly<Record<ListedRoute["state"], Tone>> = {
  ready: "good",
  degraded: "warn",
  down: "bad",
};

export const verdictTones: Readonly<Record<Place["verdict"], Tone>> = {
  chosen: "good",
  least_bad: "warn",
  open_breaker: "bad",
  not_running: "bad",
  not_offered: "none",
  no_budget: "warn",
  tried_before: "none",
  context_too_small: "none",
  not_needed: "none",
};
