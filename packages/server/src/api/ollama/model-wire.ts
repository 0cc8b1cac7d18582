import { hash } from "node:crypto";
import type { JsonObject, ModelInfo } from "@llm-platform/kit";
import type { NamedModel } from "../../gateway/model-names.ts";

const defaultTag = ":latest";

/** The name as Ollama lists it: with a tag. */
export function withTag(name: string): string {
  return /:[^/]*$/.test(name) ? name : name + defaultTag;
}

/** What a name may stand for: itself, without the tag that Ollama's clients add to every name, or with it. */
export function nameCandidates(name: string): readonly string[] {
  return name.endsWith(defaultTag) ? [name, name.slice(0, -defaultTag.length)] : [name, name + defaultTag];
}

/** A time that nobody knows, as Go writes it. */
const noTime = "0001-01-01T00:00:00Z";

function toTime(seconds: number | undefined): string {
  return seconds === undefined ? noTime : new Date(seconds * 1_000).toISOString();
}

/** Only Ollama knows digests of models; elsewhere what tells them apart is where they are and their name. */
function digestOf({ integration, id }: { readonly integration: string; readonly id: string }): string {
  return hash("sha256", `${integration}/${id}`);
}

function toDetails({
  family = "",
  quantization = "",
}: Pick<ModelInfo, "family" | "quantization">): JsonObject {
  return {
    parent_model: "",
    format: quantization === "" ? "" : "gguf",
    family,
    families: family === "" ? null : [family],
    parameter_size: "",
    quantization_level: quantization,
  };
}

/** An entry of `/api/tags`. */
export function toTag({ name, model }: NamedModel): JsonObject {
  const tagged = withTag(name);
  return {
    name: tagged,
    model: tagged,
    modified_at: toTime(model.createdAtSeconds),
    size: model.sizeBytes ?? 0,
    digest: digestOf(model),
    details: toDetails(model),
  };
}

/** A model in memory, as the operation `models.loaded` tells of it. */
export interface LoadedEntry {
  readonly id: string;
  readonly integration: string;
  readonly memory_bytes: number | null;
  readonly gpu_memory_bytes: number | null;
  readonly expires_at: string | null;
}

/** As long as Ollama says of a model that stays for ever. */
const never = "2318-01-01T00:00:00Z";

/** An entry of `/api/ps`. */
export function toRunning(loaded: LoadedEntry, info: ModelInfo | undefined): JsonObject {
  const tagged = withTag(loaded.id);
  return {
    name: tagged,
    model: tagged,
    size: loaded.memory_bytes ?? 0,
    digest: digestOf(loaded),
    details: toDetails(info ?? {}),
    expires_at: loaded.expires_at ?? never,
    size_vram: loaded.gpu_memory_bytes ?? 0,
    context_length: info?.contextTokens ?? 0,
  };
}

/** A model as the operation `models.show` tells of it. */
export interface ShownModel {
  readonly model: {
    readonly id: string;
    readonly operations: readonly string[];
    readonly context_tokens: number | null;
    readonly family: string | null;
    readonly quantization: string | null;
    readonly capabilities: readonly string[];
  };
  readonly details: JsonObject;
}

/** The answer of `/api/show`: Ollama's own where it is Ollama's model, else the same of what is known. */
export function toShown({ model, details }: ShownModel, createdAtSeconds: number | undefined): JsonObject {
  if ("model_info" in details) return details;
  const { family, quantization, context_tokens: contextTokens } = model;
  const architecture = family ?? "unknown";
  return {
    modelfile: `# ${model.id}\n`,
    parameters: "",
    template: "",
    details: toDetails({
      ...(family === null ? {} : { family }),
      ...(quantization === null ? {} : { quantization }),
    }),
    model_info: {
      "general.architecture": architecture,
      "general.basename": model.id,
      ...(contextTokens === null ? {} : { [`${architecture}.context_length`]: contextTokens }),
    },
    capabilities: capabilitiesOf(model),
    modified_at: toTime(createdAtSeconds),
  };
}

/** Ollama's words for what a model can be asked for. What else the platform says of it stands behind them. */
function capabilitiesOf({ operations, capabilities }: ShownModel["model"]): readonly string[] {
  return [
    ...new Set([
      ...(operations.includes("chat") || operations.includes("completion") ? ["completion"] : []),
      ...(operations.includes("embedding") ? ["embedding"] : []),
      ...capabilities,
    ]),
  ];
}
