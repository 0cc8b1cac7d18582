import { accessSync, constants, readdirSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";

/** Programs that some tests use and npm does not bring, by the name of their executable. */
const services = [
  "nginx",
  "promtool",
  "prometheus",
  "amtool",
  "prometheus-alertmanager",
  "postgres",
  "redis-server",
] as const;
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
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), ...(unlistedFolders[name]?.() ?? [])];
  return folders
    .map((folder) => join(folder, name))
    .find((path) => isExecutable(path) && isWhole(path, name));
}

/** Debian keeps the programs of a server out of the PATH, one folder for each version. */
const unlistedFolders: Readonly<Partial<Record<Service, () => readonly string[]>>> = {
  postgres() {
    const root = "/usr/lib/postgresql";
    try {
      const versions = readdirSync(root).sort((a, b) => Number(b) - Number(a));
      return versions.map((version) => join(root, version, "bin"));
    } catch {
      // There is no PostgreSQL of Debian's.
      return [];
    }
  },
};

/** What else must lie beside a program for it to be of use. */
function isWhole(path: string, name: Service): boolean {
  return name !== "postgres" || isExecutable(join(dirname(path), "initdb"));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
