import { resolve } from "node:path";
import { type IntegrationDefinition, type Log, PlatformError, toPlatformError } from "@llm-platform/kit";
import { definitionProblems, isDefinition, type PackageOutcome } from "./catalogue.ts";
import { loadIsolatedDefinition } from "./isolated/isolated-definition.ts";
import { findPackageEntry } from "./package-entry.ts";

export interface PackagesInput {
  /** What the configuration names in `use` that no built-in is called. */
  readonly uses: readonly string[];
  /** The configuration file's folder. */
  readonly baseDirectory: string;
  readonly log: Log;
  /** Whether a package runs in this process, as a model platform must. Default: none does. */
  isTrusted?(use: string): boolean;
}

/**
 * Loads every package, none twice; those that are not trusted run in processes of their own.
 * Never rejects: one that fails is logged and takes nothing else with it.
 */
export async function loadPackages(input: PackagesInput): Promise<readonly PackageOutcome[]> {
  return Promise.all([...new Set(input.uses)].map((use) => loadOne(use, input)));
}

async function loadOne(use: string, input: PackagesInput): Promise<PackageOutcome> {
  const { baseDirectory, log } = input;
  try {
    if (input.isTrusted?.(use) === true) return { use, definition: await loadDefinition(use, baseDirectory) };
    return { use, definition: await loadIsolatedDefinition(use, await findEntry(use, baseDirectory)) };
  } catch (error) {
    log.error("integration.package_refused", { use, error });
    return { use, error: toPlatformError(error, `The integration package ${use} cannot be loaded.`) };
  }
}

/**
 * Imports the integration that `specifier` names: a path (`./page-watch`, a folder or a file) taken from
 * `baseDirectory`, or a package that is installed there or beside the server. It runs in this process.
 *
 * Rejects with PlatformError `config_invalid` that says what is missing, whose contract version differs, or
 * what is wrong with the definition.
 */
export async function loadDefinition(
  specifier: string,
  baseDirectory: string,
): Promise<IntegrationDefinition> {
  const entry = await findEntry(specifier, baseDirectory);
  const exported = await importModule(specifier, entry);
  if (!("integration" in exported)) throw refuse(specifier, "exports nothing called integration");
  const definition: unknown = exported.integration;
  if (!isDefinition(definition)) {
    throw refuse(specifier, `cannot be used: ${definitionProblems(definition).join("; ")}`);
  }
  return definition;
}

async function findEntry(specifier: string, baseDirectory: string): Promise<URL> {
  const entry = await findPackageEntry(specifier, baseDirectory);
  if (entry !== undefined) return entry;
  const place = resolve(baseDirectory);
  throw refuse(
    specifier,
    `was not found. Install it in ${place}, or give its path from there, beginning with ./`,
  );
}

async function importModule(specifier: string, entry: URL): Promise<object> {
  try {
    const exported: unknown = await import(entry.href);
    return typeof exported === "object" && exported !== null ? exported : {};
  } catch (error) {
    throw refuse(specifier, "cannot be imported; the log says why", error);
  }
}

function refuse(specifier: string, problem: string, cause?: unknown): PlatformError {
  const message = `The integration package ${specifier} ${problem}.`;
  return new PlatformError("config_invalid", message, { field: "use", cause });
}
