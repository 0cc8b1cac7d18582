import { type Health, type IntegrationConfig, PlatformError } from "@llm-platform/kit";
import { describeFailure, findPlatformError } from "./failure.ts";
import type { Instance } from "./instance.ts";
import { createLauncher } from "./launcher.ts";
import { checkConfig } from "./settings-check.ts";
import type { Supervisor, SupervisorParts } from "./supervisor.ts";

/** How an instance was that was started to see whether it works. */
export interface Trial extends Health {
  /** From the start to the answer of its probe. */
  readonly durationMs: number;
  /** Ids of what it offers; undefined where it offers no models, or could not tell. */
  readonly models: readonly string[] | undefined;
}

/**
 * Starts an instance of a configuration beside the one that runs, asks how it is and what it offers, and stops it.
 * Rejects with PlatformError `config_invalid` with all problems, and `conflict` for a surface.
 */
export async function tryConfig(
  config: IntegrationConfig,
  { dependencies }: Pick<Supervisor, "dependencies">,
  parts: SupervisorParts,
): Promise<Trial> {
  if (config.type === "api")
    throw new PlatformError("conflict", `${config.name} cannot be tried: it can stand once only.`);
  const checked = await checkConfig(config, parts);
  const startedMs = parts.clock.monotonicMs();
  const sinceMs = () => parts.clock.monotonicMs() - startedMs;
  try {
    const instance = await createLauncher(parts).launch({ config, checked, dependencies });
    try {
      const health = await instance.probe();
      const durationMs = sinceMs();
      const isUsable = health.status === "ok" || health.status === "degraded";
      const models = isUsable ? await listModels(instance, parts.limits.healthMs) : undefined;
      return { ...health, durationMs, models };
    } finally {
      await instance.stop(0, parts.abandoned);
    }
  } catch (error) {
    const detail = parts.secrets.hide(describeFailure(config.name, "start", error));
    const isRefused = findPlatformError(error)?.code === "upstream_auth";
    const status = isRefused ? "auth_required" : "failed";
    return { status, detail, durationMs: sinceMs(), models: undefined };
  }
}

async function listModels(
  { running }: Pick<Instance, "running">,
  limitMs: number,
): Promise<readonly string[] | undefined> {
  try {
    return (await running.models?.list(AbortSignal.timeout(limitMs)))?.map(({ id }) => id);
  } catch {
    // Its probe says how it is; a list that fails beside that is no reason to call it ill.
    return undefined;
  }
}
