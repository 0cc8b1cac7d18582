import { toOpenAiError } from "../error-envelope.ts";
import { toOpenAiModel } from "../listed-models.ts";
import type { ModelListFormat } from "../models-endpoint.ts";

/** The list of models as OpenAI writes it. */
export const openAiModels: ModelListFormat = {
  formatList: (models) => ({ object: "list", data: models.map(toOpenAiModel) }),
  formatModel: toOpenAiModel,
  formatError: toOpenAiError,
};
