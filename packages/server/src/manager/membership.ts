import { type IntegrationConfig, PlatformError } from "@llm-platform/kit";
import type { Supervisor } from "./supervisor.ts";

/** Throws PlatformError `config_invalid` when one is to depend on what there is not. */
export function requireDependencies(
  { name, dependencies }: Pick<IntegrationConfig, "name" | "dependencies">,
  isThere: (name: string) => boolean,
): void {
  const missing = dependencies.filter((each) => !isThere(each));
  if (missing.length === 0) return;
  throw new PlatformError(
    "config_invalid",
    `There is no integration ${missing.join(", ")} for ${name} to depend on. Add it first.`,
    { field: "dependencies" },
  );
}

/** Throws PlatformError `conflict` while others depend on one. */
export function requireNoDependents(
  name: string,
  all: Iterable<Pick<Supervisor, "config" | "dependencies">>,
): void {
  const dependents = [...all].filter(({ dependencies }) => dependencies.includes(name));
  if (dependents.length === 0) return;
  const names = dependents.map(({ config }) => config.name).join(", ");
  throw new PlatformError(
    "conflict",
    `${name} cannot be removed: ${names} depends on it. Remove that first.`,
  );
}
