import { createAnthropicInference } from "../api/anthropic/surface.ts";
import { createForwarder } from "../api/forward.ts";
import { createInferenceParts } from "../api/inference-parts.ts";
import type { KeySource } from "../api/key-lookup.ts";
import { createOpenAiInference } from "../api/openai/surface.ts";
import { isCaptured } from "../core/captured-content.ts";
import { canAdopt } from "../wire/adopt-socket.ts";
import { createUpstreamPool } from "../wire/upstream-pool.ts";
import { createDealtConnections, type DealtConnections } from "./dealt-connections.ts";
import type { RoutingData } from "./routing-data.ts";
import type { WorkerInput } from "./worker-input.ts";
import type { WorkerCalls } from "./worker-calls.ts";

/** What a worker offers on the connections that it is dealt. */
export interface WorkerServing {
  readonly connections: DealtConnections;
  /** Takes in what the first process knows now. */
  learn(data: RoutingData): void;
  stop(): void;
}

/** As many as there can be calls in flight: the first process bounds them. */
const mostForwarded = 1_000_000;

/** Serves the calls whose every target can be called from here, and forwards the others one by one. */
export async function createWorkerServing(
  { start, log, send }: WorkerInput,
  { gateway, guard, onTight, metrics, learn: learnRouting }: WorkerCalls,
  keySource: KeySource,
): Promise<WorkerServing> {
  const { internal, inference: settings } = start.settings;
  const known: { names: ReadonlySet<string>; paths: ReadonlySet<string> } = {
    names: new Set(),
    paths: new Set(),
  };
  const pool = createUpstreamPool(`unix:${internal.calls}`, { maxConnections: mostForwarded });
  const forward = createForwarder(pool);
  const contentModels = new Set(start.settings.contentModels);
  const inference = createInferenceParts(settings, {
    gateway,
    keySource,
    log,
    forward(request) {
      const { principal, model } = request;
      // What is kept of a call's content, only the first process can seal.
      if (known.names.has(model) && !isCaptured(principal.policy, model, contentModels)) return false;
      forward(request);
      return true;
    },
  });
  const routes = new Map([
    ...Object.entries(createOpenAiInference(inference)),
    ...Object.entries(createAnthropicInference(inference)),
  ]);
  const requests = metrics.httpRequests.series("fast");
  const connections = createDealtConnections({
    canAdopt: await canAdopt(),
    tunnelPath: internal.connections,
    isTight: () => guard.isTight,
    countRequest: () => requests.add(),
    findRoute: (path) => (known.paths.has(path) ? routes.get(path)?.fast : undefined),
    onClosed: (ids) => send({ type: "closed", ids }),
  });
  const learn = (data: RoutingData): void => {
    known.names = learnRouting(data);
    known.paths = new Set(data.paths);
  };
  onTight(() => connections.closeIdle());
  learn(start.data);
  return {
    connections,
    learn,
    stop() {
      connections.closeAll();
      connections.stop();
      inference.deadlines.stop();
      pool.stop();
    },
  };
}
