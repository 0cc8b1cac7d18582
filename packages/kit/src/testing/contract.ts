import { definitionCases } from "./contract-definition.ts";
import type { ContractCase, ContractInput } from "./contract-input.ts";
import { lifeCases } from "./contract-life.ts";
import { modelCases } from "./contract-models.ts";

/** Everything that the host relies on, as cases for a definition. */
export function integrationContract<Settings>(input: ContractInput<Settings>): readonly ContractCase[] {
  const isModelPlatform = input.definition.type === "model_platform";
  return [...definitionCases(input), ...lifeCases(input), ...(isModelPlatform ? modelCases(input) : [])];
}
