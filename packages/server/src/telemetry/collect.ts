import { integrationStates, type IntegrationState } from "@llm-platform/kit";
import type { BreakerState } from "../core/breaker.ts";
import type { PlatformMetrics } from "./platform-metrics.ts";
import type { MetricRegistry } from "./registry.ts";

/** An integration as the metrics show it. */
export interface ObservedIntegration {
  readonly name: string;
  readonly type: string;
  readonly state: IntegrationState;
  readonly restarts: number;
  /** Of a running model platform. */
  readonly provider: string | undefined;
}

/** Where the gauges of calls are read from when they are asked for. Every process that serves calls has them. */
export interface CallGaugeParts {
  readonly registry: MetricRegistry;
  readonly metrics: PlatformMetrics;
  breakers(): readonly {
    readonly integration: string;
    readonly model: string;
    readonly state: BreakerState;
  }[];
  spool(): { readonly records: number; readonly oldestSeconds: number; readonly commitFailures: number };
}

/** The same of the platform as a whole. */
export interface CollectParts {
  readonly registry: MetricRegistry;
  readonly metrics: PlatformMetrics;
  readonly version: string;
  /** Whether the configurations in force are the last that were saved. */
  isConfigurationCurrent(): boolean;
  integrations(): readonly ObservedIntegration[];
}

const circuitValues: Readonly<Record<BreakerState, number>> = { closed: 0, half_open: 1, open: 2 };
const mostTargets = 200;

/** Sets the gauges that are read and not counted, at each exposition. */
export function collectGauges(parts: CollectParts): void {
  const { registry, metrics, version, integrations } = parts;
  metrics.buildInfo.series(version, process.version).set(1);
  registry.onCollect(() => {
    metrics.configReload.series().set(parts.isConfigurationCurrent() ? 1 : 0);
    metrics.pluginUp.clear();
    metrics.pluginState.clear();
    metrics.providerUp.clear();
    for (const { name, type, state, restarts, provider } of integrations()) {
      const isUp = state === "running" || state === "degraded" ? 1 : 0;
      metrics.pluginUp.series(name, type).set(isUp);
      for (const each of integrationStates)
        metrics.pluginState.series(name, each).set(each === state ? 1 : 0);
      metrics.pluginRestarts.series(name).set(restarts);
      // One that is switched off is not down.
      if (type === "model_platform" && state !== "disabled")
        metrics.providerUp.series(name, provider ?? "none").set(isUp);
    }
  });
}

/** Sets the gauges of breakers and spool, at each exposition. */
export function collectCallGauges({ registry, metrics, breakers, spool }: CallGaugeParts): void {
  registry.onCollect(() => {
    metrics.circuitState.clear();
    for (const { integration, model, state } of breakers().slice(0, mostTargets)) {
      metrics.circuitState.series(integration, model).set(circuitValues[state]);
    }
    const { records, oldestSeconds, commitFailures } = spool();
    metrics.spoolRecords.series().set(records);
    metrics.spoolOldest.series().set(oldestSeconds);
    metrics.spoolFailures.series().set(commitFailures);
  });
}
