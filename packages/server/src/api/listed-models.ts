import type { ListedModel } from "./model-names.ts";

/** A model as clients are shown it, in OpenAI's shape. */
export interface OpenAiModel {
  readonly id: string;
  readonly object: "model";
  readonly created: number;
  readonly owned_by: string;
  readonly context_window?: number;
}

export function toOpenAiModel(model: ListedModel): OpenAiModel {
  const { id, createdAtSeconds, ownedBy, integration, contextTokens } = model;
  return {
    id,
    object: "model",
    created: createdAtSeconds ?? 0,
    owned_by: ownedBy ?? integration,
    ...(contextTokens === undefined ? {} : { context_window: contextTokens }),
  };
}
