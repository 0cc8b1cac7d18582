import type { ServerResponse } from "node:http";
import { setImmediate as nextTurn } from "node:timers/promises";
import { toPlatformError } from "@llm-platform/kit";
import { requirePermission } from "../core/permissions.ts";
import { chooseFormat, type ExpositionFormat, expositionTypes } from "../telemetry/exposition.ts";
import type { ProcessFigures, ProcessMetrics } from "../telemetry/process-metrics.ts";
import type { MetricRegistry } from "../telemetry/registry.ts";
import { answer, isRead } from "./answer.ts";
import type { Authenticator } from "./authenticate.ts";
import type { RequestHandler } from "./inference.ts";
import type { Mount } from "./listener.ts";

export interface MetricsParts {
  readonly registry: MetricRegistry;
  readonly process: ProcessMetrics;
  readonly authenticator: Authenticator;
  /** Takes in what other processes of the platform count, and resolves soon with Node's figures of them. */
  askOthers(): Promise<readonly ProcessFigures[]>;
}

/** Calls go on after that long at most while thousands of series are written. */
const sliceMs = 4;
/** Written at once, so that not every line is a write of its own. */
const pieceChars = 65_536;

/** `GET /metrics` in the format that is asked for. */
export function createMetricsMount(parts: MetricsParts): Mount {
  return {
    routes: [{ method: "GET", path: "/metrics", access: "metrics.read" }],
    paths: new Map([["/metrics", createMetricsHandler(parts)]]),
  };
}

/** Answers `GET /metrics`, wherever that is. */
export function createMetricsHandler(parts: MetricsParts): RequestHandler {
  return (request, response) => {
    if (!isRead(request, response)) return;
    const format = chooseFormat(request.headers.accept);
    const expose = async (): Promise<void> => {
      requirePermission(await parts.authenticator.authenticate(request.headers), "metrics.read");
      const defaults = await parts.process.expose(await parts.askOthers(), format);
      response.writeHead(200, { "content-type": expositionTypes[format], vary: "accept" });
      if (request.method !== "HEAD") await writeSeries(response, parts.registry, format);
      response.end(request.method === "HEAD" ? undefined : defaults);
    };
    expose().catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else answer(response, toPlatformError(error));
    });
  };
}

/** Writes in slices: thousands of series at once would keep every call waiting. */
async function writeSeries(
  response: ServerResponse,
  registry: MetricRegistry,
  format: ExpositionFormat,
): Promise<void> {
  const closed = new Promise<void>((resolve) => void response.once("close", resolve));
  let text = "";
  let startedAtMs = performance.now();
  for (const piece of registry.exposePieces(format)) {
    text += piece;
    const isLate = performance.now() - startedAtMs > sliceMs;
    if (text.length < pieceChars && !isLate) continue;
    const hasRoom = response.write(text);
    text = "";
    if (response.destroyed) return;
    if (!hasRoom) await Promise.race([drained(response), closed]);
    else if (isLate) await nextTurn();
    if (isLate || !hasRoom) startedAtMs = performance.now();
  }
  if (text !== "") response.write(text);
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => void response.once("drain", resolve));
}
