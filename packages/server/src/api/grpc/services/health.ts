import { setTimeout as sleep } from "node:timers/promises";
import { type IntegrationState, PlatformError } from "@llm-platform/kit";
import { HealthCheckResponse_ServingStatus, HealthDefinition } from "../generated/grpc/health/v1/health.ts";
import { type CallContext, type GrpcMethod, serverStream, unary } from "../method.ts";

export interface HealthParts {
  /** Names of the services whose health is that of the server. */
  readonly services: readonly string[];
  /** Whether the server takes calls. */
  isServing(): boolean;
  /** Aborted when the server is told to stop. */
  readonly stopping: AbortSignal;
  integrations(): readonly { readonly name: string; readonly state: IntegrationState }[];
}

const service = HealthDefinition;
const { check, list, watch } = service.methods;
const base = { service, access: "optional" } as const;
const { SERVING, NOT_SERVING, SERVICE_UNKNOWN } = HealthCheckResponse_ServingStatus;
type Serving = (typeof HealthCheckResponse_ServingStatus)[keyof typeof HealthCheckResponse_ServingStatus];

/** How soon a watcher is told of a change; of a stop at once. */
const lookEveryMs = 500;
const integrationPrefix = "integration.";
const wellStates: readonly IntegrationState[] = ["running", "degraded"];

/**
 * Whether the server and its parts serve: the server as a whole under the empty name, each service under its own, and to callers
 * who may see integrations each of these as `integration.NAME`.
 */
export function healthMethods(parts: HealthParts): readonly GrpcMethod[] {
  function statuses({ principal }: CallContext): ReadonlyMap<string, Serving> {
    const own = parts.isServing() && !parts.stopping.aborted ? SERVING : NOT_SERVING;
    const known = new Map<string, Serving>(["", ...parts.services].map((name) => [name, own]));
    if (!principal.permissions.has("integrations.read")) return known;
    for (const { name, state } of parts.integrations())
      known.set(integrationPrefix + name, wellStates.includes(state) ? SERVING : NOT_SERVING);
    return known;
  }
  return [
    unary({
      ...base,
      type: check,
      async run({ service: name = "" }, context) {
        const status = statuses(context).get(name);
        if (status !== undefined) return { status };
        throw new PlatformError(
          "not_found",
          "There is no such service. Health.List names those that there are.",
          {
            field: "service",
          },
        );
      },
    }),
    unary({
      ...base,
      type: list,
      run: async (_request, context) => ({
        statuses: Object.fromEntries([...statuses(context)].map(([name, status]) => [name, { status }])),
      }),
    }),
    serverStream({
      ...base,
      type: watch,
      isEndless: true,
      async run({ service: name = "" }, context, send) {
        let told: Serving | undefined;
        while (!context.signal.aborted) {
          const status = statuses(context).get(name) ?? SERVICE_UNKNOWN;
          if (status !== told) await send({ status });
          told = status;
          await pause(context.signal, parts.stopping);
        }
      },
    }),
  ];
}

/** Waits for the next look. */
async function pause(signal: AbortSignal, stopping: AbortSignal): Promise<void> {
  const wakes = stopping.aborted ? signal : AbortSignal.any([signal, stopping]);
  await sleep(lookEveryMs, undefined, { signal: wakes }).catch(() => undefined);
}
