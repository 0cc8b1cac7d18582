import type { ModelDirectory } from "./model-directory.ts";
import type { Stage } from "./stage.ts";

/**
 * Lets calls of models that are not known yet wait for the end of the start, which app.ts bounds to seconds. Afterwards they
 * go on as any other.
 */
export function createStartStage(directory: ModelDirectory): Stage {
  return (next) => (call) => {
    const { settled } = directory;
    if (settled === undefined || directory.snapshot.routes.has(call.askedName)) return next(call);
    return settled.then(() => next(call));
  };
}
