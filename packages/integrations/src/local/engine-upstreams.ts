import type { IntegrationContext, Upstream } from "@llm-platform/kit";
import type { Engine } from "./engine-process.ts";

/** Connections for cancelled calls that still close, beside those of the calls in progress. */
const spareConnections = 64;

/** One pool of connections for each engine, gone with it. */
export interface EngineUpstreams {
  of(engine: Engine): Upstream;
}

export function createEngineUpstreams(
  context: Pick<IntegrationContext<unknown>, "upstream">,
  parallel: number,
): EngineUpstreams {
  const upstreams = new WeakMap<Engine, Upstream>();
  return {
    of(engine) {
      const known = upstreams.get(engine);
      if (known !== undefined) return known;
      const upstream = context.upstream(`unix:${engine.socketPath}`, {
        maxConnections: parallel + spareConnections,
      });
      upstreams.set(engine, upstream);
      return upstream;
    },
  };
}
