import { PlatformError } from "@llm-platform/kit";
import type { Auditor } from "../../control/auditor.ts";
import type { Operation, OperationContext } from "../../control/operation.ts";
import type { CatalogueModel, ModelDirectory } from "../../gateway/model-directory.ts";
import type { PullManager } from "../../pulls/pull-manager.ts";
import type { ReadCaller } from "../client-address.ts";
import type { InferenceParts } from "../inference.ts";
import { nameCandidates } from "./model-wire.ts";

/** What the Ollama API stands on. */
export interface OllamaParts {
  readonly inference: InferenceParts;
  readonly directory: ModelDirectory;
  readonly operations: readonly Operation[];
  readonly auditor: Auditor;
  /** Finds out from where a call comes, for the audit log. */
  readonly readCaller: ReadCaller;
  readonly pulls: PullManager;
  /** What an integration can do with its models. */
  abilities(integration: string): { readonly load: boolean; readonly unload: boolean };
  /** The integration that pulls in Ollama's way. Throws PlatformError `unavailable` where none runs. */
  findPuller(): string;
}

/**
 * A model by a name as Ollama's clients write it, with or without the tag `latest`; an alias leads to its first target.
 * Throws PlatformError `model_not_found`.
 */
export function findOllamaModel({ snapshot }: ModelDirectory, name: string): CatalogueModel {
  const route = nameCandidates(name)
    .map((candidate) => snapshot.routes.get(candidate))
    .find((each) => each !== undefined);
  const target = route?.targets[0]?.id;
  const model = snapshot.models.find(({ integration, id }) => `${integration}/${id}` === target);
  if (model !== undefined) return model;
  throw new PlatformError(
    "model_not_found",
    `The model \`${name}\` does not exist. GET /api/tags lists those that do.`,
    { field: "model" },
  );
}

/** Runs one operation of the table for whoever calls. Rejects as the operation does. */
export function runOperation(
  { operations }: Pick<OllamaParts, "operations">,
  name: string,
  { input, context }: { readonly input: object; readonly context: OperationContext },
): Promise<unknown> {
  const operation = operations.find((each) => each.name === name);
  if (operation === undefined) throw new PlatformError("internal", `There is no operation ${name}.`);
  return operation.run(input, context);
}
