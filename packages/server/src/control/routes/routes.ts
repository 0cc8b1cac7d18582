import { z } from "zod";
import { explainRoute, type Moment } from "../../gateway/explain-route.ts";
import {
  findRoute,
  type ListedRoute,
  listRoutes,
  type RouteKind,
  routeKinds,
  routeStates,
} from "../../gateway/list-routes.ts";
import type { ModelDirectory } from "../../gateway/model-directory.ts";
import { limitedNames } from "../../gateway/model-limits.ts";
import type { GatewaySettings } from "../../gateway/settings.ts";
import { limitOutput, toLimitFields } from "../limit-fields.ts";
import { modelName } from "../models.ts";
import { defineOperation, type Operation } from "../operation.ts";
import { type ProcessBreakerParts, readProcessBreakers } from "./process-breakers.ts";
import { explainedCandidate, toCandidateFields } from "./route-fields.ts";

export interface RouteOperationParts extends ProcessBreakerParts {
  readonly directory: ModelDirectory;
  settings(): GatewaySettings;
  /** The clock of the breakers. */
  monotonicMs(): number;
}

const routeRow = z.object({
  model: z.string().describe("The name that callers use."),
  kind: z
    .enum(routeKinds)
    .describe(
      "What makes it: a route or an alias of the configuration, a model that integrations offer, or `integration/model`.",
    ),
  alias_of: z.string().nullable(),
  setting: z
    .string()
    .nullable()
    .describe(
      "The setting that makes it; a change of it holds from the next start on. Null where none does.",
    ),
  state: z
    .enum(routeStates)
    .describe("`degraded` where a place that it leads to cannot be asked now, `down` where none can."),
  candidates: z.array(explainedCandidate.extend({ weight: z.number().nullable() })).readonly(),
  limits: z
    .array(z.object({ model: z.string(), ...limitOutput }))
    .readonly()
    .describe("Limits of models that hold for its calls."),
});

const policy = z
  .object({
    max_retries: z.number().describe("Attempts beyond the first, only before the first content."),
    first_byte_timeout_seconds: z.number(),
    request_timeout_seconds: z.number(),
    breaker: z.object({
      failures: z.number().describe("Failures in a row that open it."),
      window_calls: z
        .number()
        .describe("It also opens when more than half of at least so many calls failed."),
      window_seconds: z.number().describe("The time in which those calls are counted."),
      open_seconds: z.number().describe("First time that it stays open; each further is that much longer."),
      max_open_seconds: z.number(),
    }),
  })
  .describe("What holds for every route.");

/** Operations on the names that callers may use, and on where each leads. */
export function routeOperations(parts: RouteOperationParts): readonly Operation[] {
  return [...listOperations(parts), explainOperation(parts)];
}

function listOperations(parts: RouteOperationParts): readonly Operation[] {
  const { directory, settings } = parts;
  return [
    defineOperation({
      name: "routes.list",
      summary:
        "The names that callers may use beside `integration/model`, where each leads, and how that is now. Breakers are those of the server that answers, of each the worst of its processes.",
      permission: "models.read",
      rest: { method: "GET", path: "/api/v1/routes" },
      input: z.strictObject({ kind: z.enum(routeKinds).optional() }),
      output: z.object({ routes: z.array(routeRow).readonly(), policy }),
      run: async ({ kind }) => {
        const routes = listRoutes(directory, await momentOf(parts));
        return {
          routes: routes
            .filter((route) => kind === undefined || route.kind === kind)
            .map((route) => toRow(route, settings())),
          policy: toPolicy(settings()),
        };
      },
    }),
    defineOperation({
      name: "routes.get",
      summary: "Where one name leads, also `integration/model`, and how that is now.",
      permission: "models.read",
      rest: { method: "GET", path: "/api/v1/routes/show" },
      input: z.strictObject({ model: modelName }),
      output: z.object({ route: routeRow }),
      run: async ({ model }) => ({
        route: toRow(findRoute(directory, model, await momentOf(parts)), settings()),
      }),
    }),
  ];
}

function explainOperation(parts: RouteOperationParts): Operation {
  return defineOperation({
    name: "routes.explain",
    summary:
      "What would happen to a call of a model now, without making one. Breakers are those of the server that answers.",
    permission: "models.read",
    rest: { method: "GET", path: "/api/v1/routes/explain" },
    input: z.strictObject({ model: modelName }),
    output: z.object({
      model: z.string(),
      candidates: z.array(explainedCandidate).readonly().describe("In the order in which they stand."),
    }),
    run: async ({ model }) => ({
      model,
      candidates: explainRoute(parts.directory, model, await momentOf(parts)).map(toCandidateFields),
    }),
  });
}

async function momentOf(parts: RouteOperationParts): Promise<Moment> {
  return { elsewhere: await readProcessBreakers(parts), nowMs: parts.monotonicMs() };
}

const settingOf: Readonly<Record<RouteKind, string | null>> = {
  route: "routing.routes",
  alias: "routing.aliases",
  model: null,
  target: null,
};

function toRow(listed: ListedRoute, { limits }: GatewaySettings): z.output<typeof routeRow> {
  const { model, kind, aliasOf, state, candidates, route } = listed;
  const weights = new Map(route.targets.map(({ id, weight }) => [id, weight]));
  return {
    model,
    kind,
    alias_of: aliasOf ?? null,
    setting: settingOf[kind],
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

function toPolicy(settings: GatewaySettings): z.output<typeof policy> {
  const { breaker } = settings;
  return {
    max_retries: settings.maxRetries,
    first_byte_timeout_seconds: settings.firstByteTimeoutMs / 1_000,
    request_timeout_seconds: settings.requestTimeoutMs / 1_000,
    breaker: {
      failures: breaker.failures,
      window_calls: breaker.windowCalls,
      window_seconds: breaker.windowMs / 1_000,
      open_seconds: breaker.openMs / 1_000,
      max_open_seconds: breaker.maxOpenMs / 1_000,
    },
  };
}
