import type { OperationOutput } from "@llm-platform/client";
import type { Tone } from "./state-mark.tsx";

type Candidate = OperationOutput<"routes.explain">["candidates"][number];

/** How it is shown that a place where a call could go is asked, or passed over, everywhere the same. */
export const candidateTones: Readonly<Record<Candidate["verdict"], Tone>> = {
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
