import { MetricsDefinition, MetricsSample } from "../generated/platform.ts";
import { type GrpcMethod, serverStream } from "../method.ts";
import { follow, type OperationTable } from "./operation-table.ts";

const service = MetricsDefinition;

/** The feed of metrics as a method. */
export function metricMethods(table: OperationTable): readonly GrpcMethod[] {
  const metrics = table.feed("metrics");
  return [
    serverStream({
      service,
      access: "known",
      type: service.methods.stream,
      isEndless: true,
      run({ series = [], interval_seconds }, context, send) {
        const input = { series: series.length === 0 ? undefined : series, interval_seconds };
        return follow(metrics, { input, context, send }, ({ data }) => MetricsSample.fromJSON(data));
      },
    }),
  ];
}
