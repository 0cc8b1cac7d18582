import { PlatformError } from "@llm-platform/kit";
import type { CatalogueModel, ModelDirectory } from "../gateway/model-directory.ts";
import { listModelNames } from "../gateway/model-names.ts";

/** A name that `model` may be, with the model that it stands for. */
export interface ListedModel extends Omit<CatalogueModel, "id"> {
  readonly id: string;
}

/** Every name that `model` may be. */
export async function listModels(directory: ModelDirectory): Promise<readonly ListedModel[]> {
  return (await listModelNames(directory)).map(({ name, model }) => ({ ...model, id: name }));
}

/** One of them, or a model by its integration's name and its own. Rejects with PlatformError `model_not_found`. */
export async function findModel(directory: ModelDirectory, id: string): Promise<ListedModel> {
  const listed = (await listModels(directory)).find((model) => model.id === id);
  if (listed !== undefined) return listed;
  const model = directory.snapshot.models.find((each) => `${each.integration}/${each.id}` === id);
  if (model !== undefined) return { ...model, id };
  throw new PlatformError(
    "model_not_found",
    "This model does not exist. GET /v1/models lists those that do.",
    { field: "model" },
  );
}
