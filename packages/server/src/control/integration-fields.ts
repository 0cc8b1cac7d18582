import { integrationStates, integrationTypes, type Json, networkReaches } from "@llm-platform/kit";
import { z } from "zod";
import { showMembers } from "./shown.ts";

/** What can be set of an integration, when it is added and later. */
export const integrationFields = {
  enabled: z.boolean().optional(),
  priority: z.number().int().min(-1_000_000).max(1_000_000).optional(),
  settings: z.record(z.string(), z.unknown()).optional(),
  health_check_interval: z.number().min(1).max(86_400).optional(),
  retry_config: z
    .strictObject({
      max_retries: z.number().int().min(1).max(100),
      backoff_factor: z.number().min(1).max(10),
      max_backoff: z.number().min(1).max(3_600),
    })
    .optional(),
};

/** One look at how an integration is. */
export const probe = z.object({
  time: z.string(),
  status: z.enum(["ok", "degraded", "failed", "auth_required"]),
  duration_ms: z.number(),
  detail: z.string().nullable(),
});

/** An integration as the API shows it. */
export const integrationStatusSchema = z.object({
  name: z.string(),
  type: z.enum(integrationTypes),
  use: z.string().describe("Which definition it is an instance of."),
  summary: z.string(),
  enabled: z.boolean(),
  priority: z.number(),
  dependencies: z.array(z.string()).readonly(),
  network: z.enum(networkReaches).describe("Where it may connect to."),
  state: z.enum(integrationStates),
  reason: z.string().nullable().describe("Why it is in this state, in one sentence."),
  since: z.string().describe("Since when, ISO 8601."),
  last_probe: probe.nullable(),
  consecutive_failures: z.number(),
  restarts: z.object({ in_window: z.number(), total: z.number() }),
  next_retry_at: z.string().nullable(),
  waiting_for: z.array(z.string()).readonly(),
  config_problem: z
    .string()
    .nullable()
    .describe("Why a change that was made on another replica is not in force on this one."),
});

/** What can be told of a configuration beside its settings. */
const shownConfig = z
  .object(integrationFields)
  .omit({ settings: true })
  .extend({ use: z.string(), dependencies: z.array(z.string()) });

/** A configuration, or a part of one, as the audit log may have it, without its settings. */
export function showConfig(config: object): Readonly<Record<string, Json>> {
  return showMembers(shownConfig, config);
}

export function toTarget({ name }: { readonly name: string }) {
  return { type: "integration", id: name, name };
}
