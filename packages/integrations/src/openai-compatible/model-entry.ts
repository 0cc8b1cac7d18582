import {
  arrayAt,
  countAt,
  isJsonObject,
  type JsonObject,
  type ModelInfo,
  objectAt,
  type Operation,
  textAt,
} from "@llm-platform/kit";
import type { OpenAiCompatibleSettings } from "./settings.ts";

/** Names that people give to models that embed. */
const embeddingName = /(^|[^a-z])(embed|embedding|embeddings|bge|gte|e5|minilm)([^a-z]|$)/i;

type DeclaredModels = NonNullable<OpenAiCompatibleSettings["models"]>;

/** What a server tells about one model apart from its list. */
export type ModelDetails = Partial<Omit<ModelInfo, "id">>;

/** Reads an entry of the list of models; undefined for one without an id. */
export function toModelInfo(entry: JsonObject, details: ModelDetails = {}): ModelInfo | undefined {
  const id = textAt(entry, "id");
  if (id === undefined) return undefined;
  const meta = objectAt(entry, "meta");
  const ownedBy = textAt(entry, "owned_by");
  const createdAtSeconds = countAt(entry, "created");
  const sizeBytes = countAt(meta, "size");
  const contextTokens =
    // vLLM; OpenRouter and others; Groq; llama.cpp, which tells what the model was trained for.
    countAt(entry, "max_model_len") ??
    countAt(entry, "context_length") ??
    countAt(entry, "context_window") ??
    countAt(meta, "n_ctx_train");
  return {
    id,
    operations: operationsByName(id),
    ...(contextTokens === undefined ? {} : { contextTokens }),
    ...(ownedBy === undefined ? {} : { ownedBy }),
    ...(createdAtSeconds === undefined ? {} : { createdAtSeconds }),
    ...(sizeBytes === undefined ? {} : { sizeBytes }),
    ...details,
  };
}

/** Reads LM Studio's own list of models: what it knows of each, by id. */
export function toLmStudioDetails(answer: JsonObject): ReadonlyMap<string, ModelDetails> {
  const entries = arrayAt(answer, "data").filter(isJsonObject);
  return new Map(entries.map((entry) => [textAt(entry, "id") ?? "", toLmStudioDetail(entry)]));
}

/** Reads llama.cpp's properties: the window that a call really gets. */
export function toLlamaCppDetails(answer: JsonObject): ModelDetails {
  const contextTokens = countAt(objectAt(answer, "default_generation_settings"), "n_ctx");
  return contextTokens === undefined || contextTokens === 0 ? {} : { contextTokens };
}

/** Keeps the models that the settings name, with the operations that they state. */
export function selectDeclared(
  models: readonly ModelInfo[],
  declared: DeclaredModels | undefined,
): readonly ModelInfo[] {
  if (declared === undefined) return models;
  const operationsOf = new Map(
    declared.map((model) => (typeof model === "string" ? [model, undefined] : [model.id, model.operations])),
  );
  return models
    .filter(({ id }) => operationsOf.has(id))
    .map((model) => ({
      ...model,
      operations: operationsOf.get(model.id) ?? model.operations,
    }));
}

/** The models that the settings name, where the server has no list. */
export function declaredModels(declared: DeclaredModels): readonly ModelInfo[] {
  return selectDeclared(
    declared.map((model) => {
      const id = typeof model === "string" ? model : model.id;
      return { id, operations: operationsByName(id) };
    }),
    declared,
  );
}

/** A list does not say what a model can do. A name can say that it embeds; else everything may be asked of it. */
function operationsByName(id: string): readonly Operation[] {
  return embeddingName.test(id) ? ["embedding"] : ["chat", "completion", "embedding"];
}

function toLmStudioDetail(entry: JsonObject): ModelDetails {
  const type = textAt(entry, "type");
  const contextTokens = countAt(entry, "loaded_context_length") ?? countAt(entry, "max_context_length");
  const family = textAt(entry, "arch");
  const quantization = textAt(entry, "quantization");
  const named = arrayAt(entry, "capabilities").filter((name) => typeof name === "string");
  const capabilities = type === "vlm" ? ["vision", ...named] : named;
  return {
    ...(type === "embeddings" ? { operations: ["embedding"] } : {}),
    ...(type === "llm" || type === "vlm" ? { operations: ["chat", "completion"] } : {}),
    ...(contextTokens === undefined ? {} : { contextTokens }),
    ...(family === undefined ? {} : { family }),
    ...(quantization === undefined ? {} : { quantization }),
    ...(capabilities.length === 0 ? {} : { capabilities }),
  };
}
