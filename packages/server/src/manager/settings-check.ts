import {
  type IntegrationConfig,
  type IntegrationDefinition,
  PlatformError,
  type Problem,
  type StandardIssue,
} from "@llm-platform/kit";
import type { KnownSecrets } from "../core/known-secrets.ts";
import { findSecrets } from "../core/shown-value.ts";
import type { Catalogue } from "./catalogue.ts";

/** What may be changed of a configured integration. */
export type ConfigPatch = Partial<
  Pick<IntegrationConfig, "enabled" | "priority" | "settings" | "health_check_interval" | "retry_config">
>;

/** A configuration that can be started. */
export interface CheckedConfig {
  readonly definition: IntegrationDefinition;
  /** The definition's own schema made these. */
  readonly settings: unknown;
}

export interface CheckParts {
  readonly catalogue: Catalogue;
  readonly secrets: KnownSecrets;
}

/**
 * Checks a configuration against its definition, and learns its secrets before anybody sees it.
 * Rejects with PlatformError `config_invalid` that holds all problems at once.
 */
export async function checkConfig(
  config: IntegrationConfig,
  { catalogue, secrets }: CheckParts,
): Promise<CheckedConfig> {
  const definition = catalogue.find(config.use);
  if (definition === undefined) {
    const known = catalogue.names().join(", ");
    const unknown = `no integration is called ${config.use}; there are: ${known}`;
    throw toError(config.name, [{ field: "use", message: catalogue.problemWith(config.use) ?? unknown }]);
  }
  secrets.learn(findSecrets(config.settings, definition.settings.jsonSchema));
  const problems: Problem[] = [...rangeProblems(config)];
  if (definition.type !== config.type) {
    problems.push({
      field: "type",
      message: `${config.use} is a ${definition.type}, not a ${config.type}`,
    });
  }
  const result = await definition.settings.schema["~standard"].validate(config.settings);
  if (result.issues !== undefined) problems.push(...result.issues.map((issue) => toProblem(issue, secrets)));
  if (problems.length > 0 || result.issues !== undefined) throw toError(config.name, problems);
  return { definition, settings: result.value };
}

function rangeProblems({
  priority,
  health_check_interval,
  retry_config,
}: IntegrationConfig): readonly Problem[] {
  const checks: readonly (readonly [field: string, value: unknown, min: number, max: number])[] = [
    ["priority", priority, 0, 10_000],
    ["health_check_interval", health_check_interval, 1, 86_400],
    ["retry_config.max_retries", retry_config.max_retries, 1, 100],
    ["retry_config.backoff_factor", retry_config.backoff_factor, 1, 10],
    ["retry_config.max_backoff", retry_config.max_backoff, 1, 3_600],
  ];
  return checks
    .filter(([, value, min, max]) => typeof value !== "number" || !(value >= min && value <= max))
    .map(([field, , min, max]) => ({
      field,
      message: `must be a number from ${min} to ${max}`,
    }));
}

function toProblem(issue: StandardIssue, secrets: KnownSecrets): Problem {
  const keys = (issue.path ?? []).map((part) => (typeof part === "object" ? part.key : part));
  return {
    field: ["settings", ...keys.map(String)].join("."),
    message: secrets.hide(issue.message),
  };
}

function toError(name: string, problems: readonly Problem[]): PlatformError {
  const list = problems.map(({ field, message }) => `${field}: ${message}`).join("; ");
  return new PlatformError("config_invalid", `${name}: the configuration is not valid: ${list}`, {
    problems,
  });
}
