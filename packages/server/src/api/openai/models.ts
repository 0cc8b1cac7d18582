import { toOpenAiError } from "../error-envelope.ts";
import type { ListedModel } from "../model-names.ts";
import type { ModelListFormat } from "../models-endpoint.ts";

/** The list of models as OpenAI writes it. */
export const openAiModels: ModelListFormat = {
  formatList: (models) => ({ object: "list", data: models.map(toEntry) }),
  formatModel: toEntry,
  formatError: toOpenAiError,
};

function toEntry({ id, createdAtSeconds, ownedBy, integration, contextTokens }: ListedModel): object {
  return {
    id,
    object: "model",
    created: createdAtSeconds ?? 0,
    owned_by: ownedBy ?? integration,
    ...(contextTokens === undefined ? {} : { context_window: contextTokens }),
  };
}
