import { toPlatformError } from "@llm-platform/kit";
import type { ProcessFigures, ProcessMetrics } from "../telemetry/process-metrics.ts";
import type { MetricRegistry } from "../telemetry/registry.ts";
import type { Authenticator } from "./authenticate.ts";
import { requirePermission } from "../core/permissions.ts";
import { answer, isRead } from "./answer.ts";
import type { Mount } from "./listener.ts";

export interface MetricsParts {
  readonly registry: MetricRegistry;
  readonly process: ProcessMetrics;
  readonly authenticator: Authenticator;
  /** Takes in what other processes of the platform count, and resolves soon with Node's figures of them. */
  askOthers(): Promise<readonly ProcessFigures[]>;
}

/** `GET /metrics` in the Prometheus text format. */
export function createMetricsMount({ registry, process, authenticator, askOthers }: MetricsParts): Mount {
  return {
    routes: [{ method: "GET", path: "/metrics", access: "metrics.read" }],
    paths: new Map([
      [
        "/metrics",
        (request, response) => {
          if (!isRead(request, response)) return;
          const expose = async (): Promise<string> => {
            requirePermission(await authenticator.authenticate(request.headers), "metrics.read");
            const defaults = await process.expose(await askOthers());
            return registry.expose() + defaults;
          };
          expose().then(
            (text) => {
              response.writeHead(200, { "content-type": "text/plain; version=0.0.4; charset=utf-8" });
              response.end(text);
            },
            (error: unknown) => answer(response, toPlatformError(error)),
          );
        },
      ],
    ]),
  };
}
