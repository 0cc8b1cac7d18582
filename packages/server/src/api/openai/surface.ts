import {
  createInferenceHandler,
  type InferenceHandler,
  type InferenceParts,
  mountInference,
} from "../inference.ts";
import type { Mount } from "../listener.ts";
import { openAiDialect } from "./dialect.ts";
import { createModelCaller } from "../model-caller.ts";
import type { ResponseTable } from "../../store/responses/response-table.ts";
import { createModelsHandler, type ModelsParts } from "./models.ts";
import { createResponsesMount } from "./responses/endpoints.ts";

/** The endpoints of the OpenAI API. */
export function createOpenAiMount(
  parts: InferenceParts & ModelsParts & { readonly responses: ResponseTable },
): Mount {
  const models = createModelsHandler(parts);
  const responses = createResponsesMount({ ...parts, caller: createModelCaller(parts) });
  const { routes, paths, fast } = mountInference(createOpenAiInference(parts));
  return {
    routes: [
      ...routes,
      ...responses.routes,
      { method: "GET", path: "/v1/models", access: "models.read" },
      { method: "GET", path: "/v1/models/{id}", access: "models.read" },
    ],
    paths: new Map([...paths, ...responses.paths, ["/v1/models", models]]),
    prefixes: new Map([...(responses.prefixes ?? []), ["/v1/models/", models]]),
    fast,
  };
}

/** Those of them that call a model, by path. */
export function createOpenAiInference(parts: InferenceParts): Readonly<Record<string, InferenceHandler>> {
  const create = (operation: "chat" | "completion" | "embedding") =>
    createInferenceHandler(parts, { operation, surface: openAiDialect, streamDefault: false });
  return {
    "/v1/chat/completions": create("chat"),
    "/v1/completions": create("completion"),
    "/v1/embeddings": create("embedding"),
  };
}
