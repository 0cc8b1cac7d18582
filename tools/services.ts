import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** Programs that some tests use and npm does not bring, by the name of their executable. */
const services = ["promtool", "redis-server"] as const;
export type Service = (typeof services)[number];

/**
 * Where a program is, or undefined: then its tests are skipped, and the reporter names it.
 * @throws where every program is required, which is so with CI=true or LLM_PLATFORM_REQUIRE_SERVICES=1
 */
export function findService(name: Service): string | undefined {
  const found = locate(name);
  if (found === undefined && areServicesRequired()) throw new Error(`${name} is required and not installed`);
  return found;
}

/** Names of the programs that are not on this machine. */
export function missingServices(): readonly Service[] {
  return services.filter((name) => locate(name) === undefined);
}

/** Whether a missing program is a failure. */
export function areServicesRequired(): boolean {
  return process.env["CI"] === "true" || process.env["LLM_PLATFORM_REQUIRE_SERVICES"] === "1";
}

function locate(name: Service): string | undefined {
  return (process.env["PATH"] ?? "")
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
