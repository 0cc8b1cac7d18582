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
