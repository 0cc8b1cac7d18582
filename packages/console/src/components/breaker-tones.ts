import type { OperationOutput } from "@llm-platform/client";
import type { Tone } from "./state-mark.tsx";

type BreakerState = OperationOutput<"routes.explain">["candidates"][number]["breaker"];

/** How each state of a breaker is shown, everywhere the same. */
export const breakerTones: Readonly<Record<BreakerState, Tone>> = {
  closed: "good",
  half_open: "warn",
  open: "bad",
};
