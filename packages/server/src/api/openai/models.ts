import { toOpenAiError } from "../error-envelope.ts";
import { toListed } from "../listed-models.ts";
import type { ModelListFormat } from "../models-endpoint.ts";

/** The list of models as OpenAI writes it. */
export const openAiModels: ModelListFormat = {
  formatList: (models) => ({ object: "list", data: models.map(({ name, model }) => toListed(name, model)) }),
  formatModel: ({ name, model }) => toListed(name, model),
  formatError: toOpenAiError,
};
