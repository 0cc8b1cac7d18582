import { z } from "zod";
import { explainRoute, type Moment } from "../../gateway/explain-route.ts";
import { findRoute, listRoutes, routeKinds } from "../../gateway/list-routes.ts";
import type { ModelDirectory } from "../../gateway/model-directory.ts";
import type { GatewaySettings } from "../../gateway/settings.ts";
import { modelName } from "../models.ts";
import { defineOperation, type Operation } from "../operation.ts";
import { type ProcessBreakerParts, readProcessBreakers } from "./process-breakers.ts";
import { routeChanges } from "./change-routes.ts";
import { explainedCandidate, routeRow, toCandidateFields, toRouteRow } from "./route-fields.ts";
import type { RoutePort } from "./route-port.ts";

export interface RouteOperationParts extends ProcessBreakerParts {
  readonly directory: ModelDirectory;
  readonly book: RoutePort;
  settings(): GatewaySettings;
  /** The clock of the breakers. */
  monotonicMs(): number;
}

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
  const show = async (model: string) =>
    toRouteRow(findRoute(parts.directory, model, await momentOf(parts)), parts.settings(), parts.book);
  const changes = routeChanges({ ...parts, show, moment: () => momentOf(parts), nowMs: Date.now });
  return [...listOperations(parts, show), explainOperation(parts), ...changes];
}

function listOperations(
  parts: RouteOperationParts,
  show: (model: string) => Promise<z.output<typeof routeRow>>,
): readonly Operation[] {
  const { directory, book, settings } = parts;
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
            .map((route) => toRouteRow(route, settings(), book)),
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
      run: async ({ model }) => ({ route: await show(model) }),
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
