import { type Health, type IntegrationConfig, PlatformError } from "@llm-platform/kit";
import { describeFailure, findPlatformError } from "./failure.ts";
import { createLauncher } from "./launcher.ts";
import { checkConfig } from "./settings-check.ts";
import type { Supervisor, SupervisorParts } from "./supervisor.ts";

/**
 * Starts an instance of a configuration beside the one that runs, asks how it is, and stops it.
 * Rejects with PlatformError `config_invalid` with all problems, and `conflict` for a surface.
 */
export async function tryConfig(
  config: IntegrationConfig,
  { dependencies }: Pick<Supervisor, "dependencies">,
  parts: SupervisorParts,
): Promise<Health> {
  if (config.type === "api")
    throw new PlatformError("conflict", `${config.name} cannot be tried: it can stand once only.`);
  const checked = await checkConfig(config, parts);
  try {
    const instance = await createLauncher(parts).launch({ config, checked, dependencies });
    const health = await instance.probe();
    await instance.stop(0, parts.abandoned);
    return health;
  } catch (error) {
    const detail = parts.secrets.hide(describeFailure(config.name, "start", error));
    const isRefused = findPlatformError(error)?.code === "upstream_auth";
    return { status: isRefused ? "auth_required" : "failed", detail };
  }
}
