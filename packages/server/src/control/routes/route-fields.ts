import { z } from "zod";
import { hasName, type StoredRoute } from "../../core/stored-route.ts";
import type { ExplainedCandidate } from "../../gateway/explain-route.ts";
import { type ListedRoute, type RouteKind, routeKinds, routeStates } from "../../gateway/list-routes.ts";
import { limitedNames } from "../../gateway/model-limits.ts";
import type { GatewaySettings } from "../../gateway/settings.ts";
import { limitOutput, toLimitFields } from "../limit-fields.ts";
import { candidateRow } from "../request-log/request-fields.ts";
import type { RoutePort } from "./route-port.ts";

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

/** What an operator makes of a name. */
export const writtenFields = {
  alias_of: z.string().nullable(),
  targets: z
    .array(z.object({ model: z.string(), weight: z.number() }))
    .readonly()
    .describe("Where calls of a route go, as it was written."),
  fallbacks: z.array(z.string()).readonly().describe("Tried in this order when the targets cannot answer."),
  version: z
    .string()
    .nullable()
    .describe("For `if_version` of a change. Null for names that are not made at run time."),
};

export const routeRow = z.object({
  model: z.string().describe("The name that callers use."),
  kind: z
    .enum(routeKinds)
    .describe("What makes it: a route or an alias, a model that integrations offer, or `integration/model`."),
  origin: z
    .enum(["config", "operator"])
    .nullable()
    .describe("Who made a route or an alias: the configuration, or an operator at run time."),
  setting: z
    .string()
    .nullable()
    .describe(
      "The setting that makes it; a change of it holds from the next start on. Null where none does.",
    ),
  ...writtenFields,
  changed_at: z.string().nullable(),
  changed_by: z.string().nullable().describe("Id of the operator who changed it last."),
  state: z
    .enum(routeStates)
    .describe("`degraded` where a place that it leads to cannot be asked now, `down` where none can."),
  candidates: z.array(explainedCandidate.extend({ weight: z.number().nullable() })).readonly(),
  limits: z
    .array(z.object({ model: z.string(), ...limitOutput }))
    .readonly()
    .describe("Limits of models that hold for its calls."),
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

const settingOf: Readonly<Record<RouteKind, string | null>> = {
  route: "routing.routes",
  alias: "routing.aliases",
  model: null,
  target: null,
};

export function toRouteRow(
  listed: ListedRoute,
  { limits }: GatewaySettings,
  { configured, stored, routing }: Pick<RoutePort, "configured" | "stored" | "routing">,
): z.output<typeof routeRow> {
  const { model, kind, aliasOf, state, candidates, route } = listed;
  const isConfigured = hasName(configured, model);
  const own = isConfigured ? undefined : stored.find((each) => each.model === model);
  const written = routing.routes.find((each) => each.model === model);
  const weights = new Map(route.targets.map(({ id, weight }) => [id, weight]));
  return {
    model,
    kind,
    origin: isConfigured ? "config" : own === undefined ? null : "operator",
    setting: isConfigured ? settingOf[kind] : null,
    alias_of: aliasOf ?? null,
    targets: written?.targets ?? [],
    fallbacks: written?.fallbacks ?? [],
    ...toChange(own),
    state,
    candidates: candidates.map((candidate) => ({
      ...toCandidateFields(candidate),
      weight: weights.get(candidate.target) ?? null,
    })),
    limits: limitedNames(model, route).flatMap((name) => {
      const values = Object.hasOwn(limits.models, name) ? limits.models[name] : undefined;
      return values === undefined ? [] : [{ model: name, ...toLimitFields(values) }];
    }),
  };
}

function toChange(own: StoredRoute | undefined) {
  return {
    version: own?.version ?? null,
    changed_at: own === undefined ? null : new Date(own.changedAtMs).toISOString(),
    changed_by: own?.changedBy ?? null,
  };
}
