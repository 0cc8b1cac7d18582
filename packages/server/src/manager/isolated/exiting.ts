import type { RunningIntegration } from "@llm-platform/kit";

/** A running integration that can end by itself. */
export interface ExitingIntegration extends RunningIntegration {
  /** Resolves with one sentence when it has ended. */
  readonly exited: Promise<string>;
}

/** Whether a running integration can end by itself. */
export function isExiting(running: RunningIntegration): running is ExitingIntegration {
  return "exited" in running && running.exited instanceof Promise;
}
