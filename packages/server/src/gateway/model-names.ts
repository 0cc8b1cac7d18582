import type { CatalogueModel, ModelDirectory } from "./model-directory.ts";

/** A name that calls may use, and the model that it leads to first. */
export interface NamedModel {
  readonly name: string;
  readonly model: CatalogueModel;
}

/**
 * Every name that is worth showing: each model by its bare name, by `integration/name` where the bare one is another's, and
 * what the configuration names. Waits for the end of the start: a list that is not whole yet reads as one that is.
 */
export async function listModelNames(
  directory: Pick<ModelDirectory, "snapshot" | "settled">,
): Promise<readonly NamedModel[]> {
  await directory.settled;
  const { models, routes } = directory.snapshot;
  const listed = new Map<string, CatalogueModel>();
  for (const model of models)
    listed.set(listed.has(model.id) ? `${model.integration}/${model.id}` : model.id, model);
  const byTarget = new Map(models.map((model) => [`${model.integration}/${model.id}`, model]));
  for (const [name, route] of routes) {
    const first = route.targets.map((target) => byTarget.get(target.id)).find((model) => model !== undefined);
    if (!listed.has(name) && !byTarget.has(name) && first !== undefined) listed.set(name, first);
  }
  return [...listed].map(([name, model]) => ({ name, model }));
}
