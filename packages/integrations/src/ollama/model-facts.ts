import {
  arrayAt,
  countAt,
  isJsonObject,
  type JsonObject,
  type LoadedModel,
  type ModelInfo,
  objectAt,
  type Operation,
  textAt,
} from "@llm-platform/kit";

/** Families of models that only embed, for servers that do not list capabilities (before 0.6.4). */
const embeddingFamilies = ["bert", "nomic-bert", "nomic-bert-moe", "xlm-roberta", "snowflake-arctic-embed"];
/** A date from then on is Ollama's way to say never. */
const neverFromYear = 2200;

/** What `/api/show` tells about a model that `/api/tags` does not. */
export interface ModelDescription {
  readonly capabilities: readonly string[];
  /** The window that the model was trained for. */
  readonly trainedTokens: number | undefined;
  /** The window that the model's own parameters set. */
  readonly parameterTokens: number | undefined;
}

/** Reads an answer of `/api/show`. */
export function toModelDescription(shown: JsonObject): ModelDescription {
  const info = objectAt(shown, "model_info");
  const architecture = textAt(info, "general.architecture") ?? "";
  const parameter = /^\s*num_ctx\s+(\d+)\s*$/m.exec(textAt(shown, "parameters") ?? "")?.[1];
  return {
    capabilities: arrayAt(shown, "capabilities").filter((name) => typeof name === "string"),
    trainedTokens: countAt(info, `${architecture}.context_length`),
    parameterTokens: parameter === undefined ? undefined : Number(parameter),
  };
}

/** Reads an entry of `/api/tags`; undefined for one without a name. */
export function toModelInfo(
  entry: JsonObject,
  description: ModelDescription | undefined,
  windowTokens: number | undefined,
): ModelInfo | undefined {
  const id = textAt(entry, "name") ?? textAt(entry, "model");
  if (id === undefined) return undefined;
  const details = objectAt(entry, "details");
  const family = textAt(details, "family");
  const quantization = textAt(details, "quantization_level");
  const sizeBytes = countAt(entry, "size");
  const modifiedMs = Date.parse(textAt(entry, "modified_at") ?? "");
  const capabilities = description?.capabilities ?? [];
  return {
    id,
    operations: operationsOf(id, family, capabilities),
    ...(windowTokens === undefined ? {} : { contextTokens: windowTokens }),
    ...(modifiedMs >= 0 ? { createdAtSeconds: Math.floor(modifiedMs / 1_000) } : {}),
    ...(sizeBytes === undefined ? {} : { sizeBytes }),
    ...(family === undefined ? {} : { family }),
    ...(quantization === undefined ? {} : { quantization }),
    ...(capabilities.length === 0 ? {} : { capabilities }),
  };
}

/** Reads an entry of `/api/ps`; undefined for one without a name. */
export function toLoadedModel(entry: JsonObject): LoadedModel | undefined {
  const id = textAt(entry, "name") ?? textAt(entry, "model");
  if (id === undefined) return undefined;
  const memoryBytes = countAt(entry, "size");
  const gpuMemoryBytes = countAt(entry, "size_vram");
  const expires = new Date(textAt(entry, "expires_at") ?? Number.NaN);
  return {
    id,
    ...(memoryBytes === undefined ? {} : { memoryBytes }),
    ...(gpuMemoryBytes === undefined ? {} : { gpuMemoryBytes }),
    ...(expires.getUTCFullYear() < neverFromYear ? { expiresAtMs: expires.getTime() } : {}),
  };
}

/** The windows of the models in an answer of `/api/ps`, by name. Old servers do not tell them. */
export function toLoadedWindows(answer: JsonObject): ReadonlyMap<string, number> {
  const windows = arrayAt(answer, "models").flatMap((entry) => {
    if (!isJsonObject(entry)) return [];
    const id = textAt(entry, "name") ?? textAt(entry, "model");
    const tokens = countAt(entry, "context_length");
    return id === undefined || tokens === undefined ? [] : [[id, tokens] as const];
  });
  return new Map(windows);
}

/** The name with its tag: Ollama reads a name without one as `:latest`. */
export function withTag(model: string): string {
  return /:[^/]*$/.test(model) ? model : `${model}:latest`;
}

function operationsOf(
  id: string,
  family: string | undefined,
  capabilities: readonly string[],
): readonly Operation[] {
  if (capabilities.includes("completion")) {
    return capabilities.includes("embedding") ? ["chat", "completion", "embedding"] : ["chat", "completion"];
  }
  const isEmbedding =
    capabilities.includes("embedding") || embeddingFamilies.includes(family ?? "") || /embed/i.test(id);
  return isEmbedding ? ["embedding"] : ["chat", "completion"];
}
