import { z } from "zod";
import { explainRoute } from "../../gateway/explain-route.ts";
import type { ModelDirectory } from "../../gateway/model-directory.ts";
import { modelName } from "../models.ts";
import { defineOperation, type Operation } from "../operation.ts";
import { candidateRow } from "./request-fields.ts";

const explainedCandidate = candidateRow.extend({
  role: z.enum(["target", "fallback"]),
  chance: z.number().describe("How likely a call goes there first as things stand, 0 to 1."),
  wait_ms: z.number().describe("Until a call may go there; 0 for now."),
  reason: z.string().nullable().describe("Why it cannot be asked now; null where it can."),
});

/** @param monotonicMs the clock of the breakers */
export function routeOperations(directory: ModelDirectory, monotonicMs: () => number): readonly Operation[] {
  return [
    defineOperation({
      name: "routes.explain",
      summary:
        "What would happen to a call of a model now, without making one. Breakers are those of the process that answers.",
      permission: "models.read",
      rest: { method: "GET", path: "/api/v1/routes/explain" },
      input: z.strictObject({ model: modelName }),
      output: z.object({
        model: z.string(),
        candidates: z.array(explainedCandidate).readonly().describe("In the order in which they stand."),
      }),
      run: async ({ model }) => ({
        model,
        candidates: explainRoute(directory, { model, nowMs: monotonicMs() }).map(
          ({ target, verdict, breaker, share, role, chance, waitMs, reason }) => ({
            target,
            verdict,
            breaker,
            share,
            role,
            chance,
            wait_ms: waitMs,
            reason: reason ?? null,
          }),
        ),
      }),
    }),
  ];
}
