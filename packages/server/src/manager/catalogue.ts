import {
  contractVersion,
  type IntegrationDefinition,
  integrationTypes,
  PlatformError,
} from "@llm-platform/kit";

/** The definitions that a configuration can name. */
export interface Catalogue {
  /** The definition with this id, or the one that the package of this name holds. */
  find(use: string): IntegrationDefinition | undefined;
  /** Why the package of this name could not be loaded. */
  problemWith(use: string): string | undefined;
  /** Everything that `use` can name, in alphabetical order. */
  names(): readonly string[];
}

/** What became of one package that the configuration names. */
export type PackageOutcome =
  | { readonly use: string; readonly definition: IntegrationDefinition }
  | { readonly use: string; readonly error: PlatformError };

/**
 * Makes a catalogue of the built-in definitions and of packages. A package that could not be loaded, or whose
 * id is taken, is a problem of those who use it only.
 * Throws PlatformError `config_invalid` that names every duplicate id and every definition of another contract version.
 */
export function createCatalogue(
  definitions: readonly IntegrationDefinition[],
  packages: readonly PackageOutcome[] = [],
): Catalogue {
  const byId = new Map<string, IntegrationDefinition>();
  const problems: string[] = [];
  for (const definition of definitions) {
    problems.push(...definitionProblems(definition));
    if (byId.has(definition.id)) problems.push(`${definition.id} is defined twice`);
    byId.set(definition.id, definition);
  }
  if (problems.length > 0) {
    throw new PlatformError("config_invalid", `The catalogue cannot be made: ${problems.join("; ")}.`, {
      problems: problems.map((message) => ({ field: "use", message })),
    });
  }
  const byPackage = new Map<string, IntegrationDefinition>();
  const packageProblems = new Map<string, string>();
  const takenIds = new Set(byId.keys());
  for (const outcome of packages) {
    const problem = packageProblem(outcome, takenIds);
    if (problem !== undefined) packageProblems.set(outcome.use, problem);
    else if ("definition" in outcome) {
      takenIds.add(outcome.definition.id);
      byPackage.set(outcome.use, outcome.definition);
    }
  }
  return {
    find: (use) => byId.get(use) ?? byPackage.get(use),
    problemWith: (use) => packageProblems.get(use),
    names: () => [...byId.keys(), ...byPackage.keys()].sort(),
  };
}

function packageProblem(outcome: PackageOutcome, takenIds: ReadonlySet<string>): string | undefined {
  if ("error" in outcome) return outcome.error.message;
  const { id } = outcome.definition;
  return takenIds.has(id)
    ? `The integration package ${outcome.use} has the id ${id}, which is taken.`
    : undefined;
}

/** What is wrong with something that claims to be a definition; each problem names it. */
export function definitionProblems(definition: unknown): readonly string[] {
  if (!isRecord(definition)) return ["the definition is not an object"];
  const { id, contract, type, summary, settings, metrics, dependencies } = definition;
  const name = typeof id === "string" ? id : "the definition";
  if (contract !== contractVersion) {
    return [`${name} has contract version ${String(contract)}; this platform has ${contractVersion}`];
  }
  const checks: readonly (readonly [isGood: boolean, problem: string])[] = [
    [
      typeof id === "string" && /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(id),
      "has no id in lower case with hyphens",
    ],
    [integrationTypes.some((one) => one === type), `has none of the types ${integrationTypes.join(", ")}`],
    [typeof summary === "string" && summary !== "", "has no summary"],
    [isRecord(settings) && isRecord(settings.jsonSchema), "has no settings.jsonSchema"],
    [isRecord(settings) && isStandardSchema(settings.schema), "has no Standard Schema as settings.schema"],
    [metrics === undefined || Array.isArray(metrics), "has metrics that are not a list"],
    [dependencies === undefined || Array.isArray(dependencies), "has dependencies that are not a list"],
    [typeof definition.start === "function", "has no function start"],
  ];
  return checks.filter(([isGood]) => !isGood).map(([, problem]) => `${name} ${problem}`);
}

/** Whether `value` has what the platform needs of a definition. */
export function isDefinition(value: unknown): value is IntegrationDefinition {
  return definitionProblems(value).length === 0;
}

function isStandardSchema(schema: unknown): boolean {
  const isHolder = (typeof schema === "object" && schema !== null) || typeof schema === "function";
  if (!isHolder || !("~standard" in schema)) return false;
  const standard = schema["~standard"];
  return isRecord(standard) && standard.version === 1 && typeof standard.validate === "function";
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
