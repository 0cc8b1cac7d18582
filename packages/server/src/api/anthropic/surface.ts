import {
  createInferenceHandler,
  type InferenceHandler,
  type InferenceParts,
  mountInference,
} from "../inference.ts";
import type { Mount } from "../listener.ts";
import { createModelsMount, type ModelsParts } from "../models-endpoint.ts";
import { countPath, createCountHandler } from "./count-tokens.ts";
import { anthropicDialect } from "./dialect.ts";

/** The endpoints of Anthropic's API. */
export function createAnthropicMount(parts: InferenceParts & ModelsParts): Mount {
  const models = createModelsMount(parts);
  const { routes, paths, fast } = mountInference(createAnthropicInference(parts));
  return {
    routes: [...routes, { method: "POST", path: countPath, access: "inference.call" }, ...models.routes],
    paths: new Map([...paths, [countPath, createCountHandler(parts)], ...models.paths]),
    prefixes: models.prefixes,
    fast,
  };
}

/** The one of them that calls a model, by path. */
export function createAnthropicInference(parts: InferenceParts): Readonly<Record<string, InferenceHandler>> {
  const endpoint = { operation: "chat", surface: anthropicDialect, streamDefault: false } as const;
  return { "/v1/messages": createInferenceHandler(parts, endpoint) };
}
