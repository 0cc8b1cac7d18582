import type { CatalogueModel, ModelDirectory } from "../gateway/model-directory.ts";

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
  const { models, routes } = directory.snapshot;
  const listed = new Map<string, ListedModel>();
  for (const model of models) {
    if (!listed.has(model.id)) listed.set(model.id, toListed(model.id, model));
    else listed.set(`${model.integration}/${model.id}`, toListed(`${model.integration}/${model.id}`, model));
  }
  const byTarget = new Map(models.map((model) => [`${model.integration}/${model.id}`, model]));
  for (const [name, route] of routes) {
    const first = route.targets.map((target) => byTarget.get(target.id)).find((model) => model !== undefined);
    if (!listed.has(name) && !byTarget.has(name) && first !== undefined)
      listed.set(name, toListed(name, first));
  }
  return [...listed.values()];
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
