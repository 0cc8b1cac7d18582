import type { IntegrationConfig } from "@llm-platform/kit";
import { type Instance, type InstanceParts, startInstance } from "./instance.ts";
import type { CheckedConfig } from "./settings-check.ts";

/** Starts instances of one name, and knows which calls of `start` have not returned. */
export interface Launcher {
  /** Whether some `start` has still not returned, one that was given up included. */
  readonly hasOpenStart: boolean;
  /** Rejects as `startInstance` does. */
  launch(input: LaunchInput): Promise<Instance>;
  /** Gives up the start under way, if there is one. */
  giveUp(reason: Error): void;
}

export interface LaunchInput {
  readonly config: IntegrationConfig;
  readonly checked: CheckedConfig;
  readonly dependencies: readonly string[];
}

export function createLauncher(parts: InstanceParts): Launcher {
  let openStarts = 0;
  let controller: AbortController | undefined;
  return {
    get hasOpenStart() {
      return openStarts > 0;
    },
    async launch({ config, checked, dependencies }) {
      const own = new AbortController();
      controller = own;
      try {
        return await startInstance({
          ...checked,
          name: config.name,
          writtenSettings: config.settings,
          network: config.network,
          dependencies,
          signal: own.signal,
          onCalled() {
            openStarts += 1;
          },
          onReturned() {
            openStarts -= 1;
          },
          parts,
        });
      } finally {
        controller = undefined;
      }
    },
    giveUp: (reason) => controller?.abort(reason),
  };
}
