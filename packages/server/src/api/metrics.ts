import { toPlatformError } from "@llm-platform/kit";
import type { ProcessMetrics } from "../telemetry/process-metrics.ts";
import type { MetricRegistry } from "../telemetry/registry.ts";
import type { Authenticator } from "./authenticate.ts";
import { answer, isRead } from "./answer.ts";
import type { Mount } from "./listener.ts";

export interface MetricsParts {
  readonly registry: MetricRegistry;
  readonly process: ProcessMetrics;
  readonly authenticator: Authenticator;
}

/** `GET /metrics` in the Prometheus text format. */
export function createMetricsMount({ registry, process, authenticator }: MetricsParts): Mount {
  return {
    paths: new Map([
      [
        "/metrics",
        (request, response) => {
          if (!isRead(request, response)) return;
          try {
            authenticator.authenticate(request.headers);
          } catch (error) {
            answer(response, toPlatformError(error));
            return;
          }
          process.expose().then(
            (defaults) => {
              response.writeHead(200, { "content-type": "text/plain; version=0.0.4; charset=utf-8" });
              response.end(registry.expose() + defaults);
            },
            (error: unknown) => answer(response, toPlatformError(error)),
          );
        },
      ],
    ]),
  };
}
