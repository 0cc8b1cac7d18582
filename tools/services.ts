import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** Programs that some tests use and npm does not bring, by the name of their executable. */
export const services = ["promtool"] as const;
export type Service = (typeof services)[number];

/** Where a program is, or undefined. Where every program is required, a missing one is an error. */
export function findService(name: Service): string | undefined {
  const found = (process.env["PATH"] ?? "")
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find(isExecutable);
  const isRequired = process.env["LLM_PLATFORM_REQUIRE_SERVICES"] === "1";
  if (found === undefined && isRequired) throw new Error(`${name} is required and not installed`);
  return found;
}

/** Names of the programs that are not on this machine. */
export function missingServices(): readonly Service[] {
  return services.filter((name) => findService(name) === undefined);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
