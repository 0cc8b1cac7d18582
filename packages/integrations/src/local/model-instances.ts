import { Cancellation, type Log, toPlatformError } from "@llm-platform/kit";
import { toInstance } from "./instance-name.ts";
import type { LoadableModel } from "./loadable-model.ts";
import type { ModelScheduler } from "./model-scheduler.ts";

/** A further instance is for a rush: when that is over, its memory is for others. */
const longestKeepAliveMs = 300_000;

/** Models that are in memory several times while more calls wait than one can take. */
export interface ModelInstances {
  /** The instance that a call is to be put to. Starts a further one when enough calls wait, and there is room. */
  choose(model: LoadableModel): LoadableModel;
  /** What the scheduler calls all instances that there may be of a model. */
  idsOf(model: string): readonly string[];
}

interface InstancesParts {
  readonly scheduler: Pick<ModelScheduler, "callsAt" | "isOutdated" | "hasRoom" | "take">;
  readonly log: Log;
  /** Of one model, at least 1. */
  readonly maxInstances: number;
  /** Calls that one instance generates at once. */
  readonly parallel: number;
}

export function createModelInstances(parts: InstancesParts): ModelInstances {
  const { scheduler, maxInstances } = parts;
  const made = new WeakMap<LoadableModel, readonly LoadableModel[]>();
  const instancesOf = (model: LoadableModel): readonly LoadableModel[] => {
    const known = made.get(model);
    if (known !== undefined) return known;
    const further = idsAfterFirst(model.id, maxInstances).map((id) => toFurther(model, id));
    const instances = [model, ...further];
    made.set(model, instances);
    return instances;
  };
  return {
    choose(model) {
      if (maxInstances === 1) return model;
      const instances = instancesOf(model);
      growIfNeeded(parts, instances);
      let chosen = model;
      let fewest = Number.POSITIVE_INFINITY;
      for (const instance of instances) {
        const at = scheduler.callsAt(instance.id);
        if (at === undefined || !at.isReady || at.calls >= fewest || scheduler.isOutdated(instance)) continue;
        chosen = instance;
        fewest = at.calls;
      }
      return chosen;
    },
    idsOf: (model) => [model, ...idsAfterFirst(model, maxInstances)],
  };
}

/** It pays when as many calls wait as it could take, and the last one has come to serve. */
function growIfNeeded(
  { scheduler, log, parallel }: InstancesParts,
  instances: readonly LoadableModel[],
): void {
  const present = instances.flatMap(({ id }) => scheduler.callsAt(id) ?? []);
  const next = instances.find(({ id }) => scheduler.callsAt(id) === undefined);
  const calls = present.reduce((sum, at) => sum + at.calls, 0);
  const isNeeded = present.every(({ isReady }) => isReady) && calls >= parallel * (present.length + 1);
  if (next === undefined || present.length === 0 || !isNeeded || !scheduler.hasRoom(next)) return;
  scheduler.take(next, new Cancellation()).then(
    (turn) => turn.release(),
    (error: unknown) =>
      log.warn("model.instance_failed", { model: next.id, reason: toPlatformError(error).message }),
  );
}

function idsAfterFirst(model: string, maxInstances: number): readonly string[] {
  return Array.from({ length: maxInstances - 1 }, (_, index) => toInstance(model, index + 2));
}

function toFurther(model: LoadableModel, id: string): LoadableModel {
  const keepAliveMs = Math.min(model.keepAliveMs ?? longestKeepAliveMs, longestKeepAliveMs);
  const withoutGpu = model.withoutGpu === undefined ? undefined : toFurther(model.withoutGpu, id);
  return { ...model, id, keepAliveMs, isPinned: false, withoutGpu };
}
