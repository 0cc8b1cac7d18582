import {
  createInferenceHandler,
  type InferenceHandler,
  type InferenceParts,
  mountInference,
} from "../inference.ts";
import type { Mount } from "../listener.ts";
import { createModelsMount, type ModelsParts } from "../models-endpoint.ts";
import { openAiDialect } from "./dialect.ts";
import { createModelCaller } from "../model-caller.ts";
import type { ResponseTable } from "../../store/responses/response-table.ts";
import { createResponsesMount } from "./responses/endpoints.ts";

/** The endpoints of the OpenAI API. */
export function createOpenAiMount(
  parts: InferenceParts & ModelsParts & { readonly responses: ResponseTable },
): Mount {
  const models = createModelsMount(parts);
  const responses = createResponsesMount({ ...parts, caller: createModelCaller(parts) });
  const { routes, paths, fast } = mountInference(createOpenAiInference(parts));
  return {
    routes: [...routes, ...responses.routes, ...models.routes],
    paths: new Map([...paths, ...responses.paths, ...models.paths]),
    prefixes: new Map([...(responses.prefixes ?? []), ...models.prefixes]),
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
