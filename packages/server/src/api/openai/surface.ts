import type { Mount } from "../listener.ts";
import { createInferenceHandler, type InferenceParts, mountInference } from "../inference.ts";
import { openAiDialect } from "./dialect.ts";
import { createModelsHandler, type ModelsParts } from "./models.ts";

/** The endpoints of the OpenAI API. */
export function createOpenAiMount(parts: InferenceParts & ModelsParts): Mount {
  const chat = createInferenceHandler(parts, {
    operation: "chat",
    surface: openAiDialect,
    streamDefault: false,
  });
  const completion = createInferenceHandler(parts, {
    operation: "completion",
    surface: openAiDialect,
    streamDefault: false,
  });
  const embedding = createInferenceHandler(parts, {
    operation: "embedding",
    surface: openAiDialect,
    streamDefault: false,
  });
  const models = createModelsHandler(parts);
  const { paths, fast } = mountInference({
    "/v1/chat/completions": chat,
    "/v1/completions": completion,
    "/v1/embeddings": embedding,
  });
  return {
    paths: new Map([...paths, ["/v1/models", models]]),
    prefixes: new Map([["/v1/models/", models]]),
    fast,
  };
}
