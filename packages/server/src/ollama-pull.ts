import { type ModelPlatform, PlatformError, type PullProgress } from "@llm-platform/kit";
import type { PullPhase } from "./core/pull.ts";
import type { PullRunner } from "./pulls/pull-runner.ts";

export interface OllamaPullParts {
  /** Throws PlatformError while the integration does not run. */
  platform(integration: string): ModelPlatform;
  /** Learns anew which models the integration has. */
  refresh(integration: string): Promise<void>;
}

/** Has an Ollama server fetch the model: it resumes by itself what was broken off. */
export function createOllamaPull({ platform, refresh }: OllamaPullParts): PullRunner {
  return {
    async check({ integration }) {
      pullAbility(platform(integration));
    },
    async run({ request }, transfer) {
      const { integration, source, load } = request;
      const models = platform(integration);
      await pullAbility(models)(source, {
        signal: transfer.signal,
        onProgress(step) {
          const phase = phaseOf(step);
          transfer.update({ ...(phase === undefined ? {} : { phase }), detail: step.phase });
          if (step.file !== undefined && step.completedBytes !== undefined)
            transfer.progress(step.file, step.completedBytes, step.totalBytes);
          transfer.step(step);
        },
      });
      transfer.update({ phase: "registering" });
      await refresh(integration);
      if (load) {
        transfer.update({ phase: "warming_up" });
        await models.load?.(source, transfer.signal);
      }
      transfer.update({ models: [`${integration}/${source}`], detail: undefined });
    },
  };
}

/** The ability to pull. Throws PlatformError `unsupported_parameter` where there is none. */
export function pullAbility(models: ModelPlatform): NonNullable<ModelPlatform["pull"]> {
  if (models.pull === undefined)
    throw new PlatformError("unsupported_parameter", "This integration cannot pull models.");
  return models.pull.bind(models);
}

function phaseOf({ phase, file }: PullProgress): PullPhase | undefined {
  if (file !== undefined) return "downloading";
  if (phase.startsWith("verifying")) return "verifying";
  if (phase.startsWith("writing") || phase.startsWith("removing")) return "registering";
  return undefined;
}
