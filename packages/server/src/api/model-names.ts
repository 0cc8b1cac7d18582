import { PlatformError } from "@llm-platform/kit";
import type { CatalogueModel, ModelDirectory } from "../gateway/model-directory.ts";

/** A name that `model` may be, with the model that it stands for. */
export interface ListedModel extends Omit<CatalogueModel, "id"> {
  readonly id: string;
}

/** Every name that `model` may be: of two models of one name, the second by that of its integration too. */
export function listModels({ snapshot }: ModelDirectory): readonly ListedModel[] {
  const { models, routes } = snapshot;
  const listed = new Map<string, ListedModel>();
  for (const model of models) {
    const id = listed.has(model.id) ? `${model.integration}/${model.id}` : model.id;
    listed.set(id, { ...model, id });
  }
  const byTarget = new Map(models.map((model) => [`${model.integration}/${model.id}`, model]));
  for (const [name, route] of routes) {
    const first = route.targets.map((target) => byTarget.get(target.id)).find((model) => model !== undefined);
    if (!listed.has(name) && !byTarget.has(name) && first !== undefined)
      listed.set(name, { ...first, id: name });
  }
  return [...listed.values()];
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
