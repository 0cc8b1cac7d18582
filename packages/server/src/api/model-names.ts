import { PlatformError } from "@llm-platform/kit";
import type { CatalogueModel, ModelDirectory } from "../gateway/model-directory.ts";
import { listModelNames } from "../gateway/model-names.ts";

/** A name that `model` may be, with the model that it stands for. */
export interface ListedModel extends Omit<CatalogueModel, "id"> {
  readonly id: string;
}

/** Every name that `model` may be. */
export function listModels(directory: ModelDirectory): readonly ListedModel[] {
  return listModelNames(directory).map(({ name, model }) => ({ ...model, id: name }));
}

/** One of them, or a model by its integration's name and its own. Throws PlatformError `model_not_found`. */
export function findModel(directory: ModelDirectory, id: string): ListedModel {
  const listed = listModels(directory).find((model) => model.id === id);
  if (listed !== undefined) return listed;
  const model = directory.snapshot.models.find((each) => `${each.integration}/${each.id}` === id);
  if (model !== undefined) return { ...model, id };
  throw new PlatformError(
    "model_not_found",
    "This model does not exist. GET /v1/models lists those that do.",
    { field: "model" },
  );
}
