import type { CatalogueModel, ModelDirectory } from "../gateway/model-directory.ts";
import { listModelNames } from "../gateway/model-names.ts";

/** A model as clients are shown it, in OpenAI's shape. */
export interface ListedModel {
  readonly id: string;
  readonly object: "model";
  readonly created: number;
  readonly owned_by: string;
  readonly context_window?: number;
}

/** Every name that `model` may be, with what is known of the model behind it. */
export function listModels(directory: ModelDirectory): readonly ListedModel[] {
  return listModelNames(directory).map(({ name, model }) => toListed(name, model));
}

/** One of them under a name of its own. */
export function toListed(id: string, model: CatalogueModel): ListedModel {
  return {
    id,
    object: "model",
    created: model.createdAtSeconds ?? 0,
    owned_by: model.ownedBy ?? model.integration,
    ...(model.contextTokens === undefined ? {} : { context_window: model.contextTokens }),
  };
}
