import type { BreakerState } from "../../core/breaker.ts";
import { targetId } from "../../core/routes.ts";
import { metricNames } from "../../telemetry/names.ts";
import type { MetricRegistry } from "../../telemetry/registry.ts";

/** Where the breakers of all processes of this server are known from. */
export interface ProcessBreakerParts {
  readonly registry: Pick<MetricRegistry, "snapshot">;
  /** Takes in what workers know. Resolves soon. */
  askWorkers(): Promise<unknown>;
}

const states: readonly BreakerState[] = ["closed", "half_open", "open"];

/** The breaker of each target, the worst of all processes: as the metric tells them. */
export async function readProcessBreakers(
  parts: ProcessBreakerParts,
): Promise<ReadonlyMap<string, BreakerState>> {
  await parts.askWorkers();
  const { name } = metricNames.circuitState;
  const series = parts.registry.snapshot([name]).get(name) ?? [];
  return new Map(
    series.map(({ values: [integration = "", model = ""], value }) => [
      targetId(integration, model),
      states[value] ?? "closed",
    ]),
  );
}
