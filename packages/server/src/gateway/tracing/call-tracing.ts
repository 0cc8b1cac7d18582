import type { ActiveTracing, Tracing, TracingSettings } from "../../telemetry/tracing/tracing.ts";
import type { TraceIds } from "../../telemetry/tracing/trace-ids.ts";
import { CallSpans } from "./call-spans.ts";
import type { EndedCall } from "./traced-call.ts";

/** How a call is traced that begins now. */
export interface CallTracing {
  readonly settings: TracingSettings;
  readonly ids: TraceIds;
  /** Writes the spans of a call that has ended. */
  write(ended: EndedCall): void;
}

/** Tells how calls are traced at the moment; undefined while they are not. */
export function createCallTracing(tracing: Pick<Tracing, "current">): () => CallTracing | undefined {
  const state: { active: ActiveTracing | undefined; calls: CallTracing | undefined } = {
    active: undefined,
    calls: undefined,
  };
  return () => {
    const active = tracing.current;
    if (active !== state.active) {
      state.active = active;
      state.calls = active && toCallTracing(active);
    }
    return state.calls;
  };
}

function toCallTracing(active: ActiveTracing): CallTracing {
  const { settings, ids } = active;
  const callSpans = new CallSpans(active);
  return { settings, ids, write: (ended) => callSpans.write(ended) };
}
