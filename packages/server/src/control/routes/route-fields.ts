import { z } from "zod";
import type { ExplainedCandidate } from "../../gateway/explain-route.ts";
import { candidateRow } from "../request-log/request-fields.ts";

/** A place where a call could go, as of now. */
export const explainedCandidate = candidateRow.extend({
  role: z.enum(["target", "fallback"]),
  chance: z.number().describe("How likely a call goes there first as things stand, 0 to 1."),
  wait_ms: z
    .number()
    .nullable()
    .describe("Until a call may go there; 0 for now, null where only another process of the server knows."),
  reason: z.string().nullable().describe("Why it cannot be asked now; null where it can."),
});

export function toCandidateFields(candidate: ExplainedCandidate): z.output<typeof explainedCandidate> {
  const { target, verdict, breaker, share, role, chance, waitMs, reason } = candidate;
  return {
    target,
    verdict,
    breaker,
    share,
    role,
    chance,
    wait_ms: waitMs ?? null,
    reason: reason ?? null,
  };
}
