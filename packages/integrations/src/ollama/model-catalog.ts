import {
  arrayAt,
  isJsonObject,
  type JsonObject,
  type Log,
  type ModelInfo,
  PlatformError,
  textAt,
} from "@llm-platform/kit";
import { type ControlClient, expectObject } from "../control-client.ts";
import {
  type ModelDescription,
  toLoadedWindows,
  toModelDescription,
  toModelInfo,
  withTag,
} from "./model-facts.ts";

/** Descriptions asked for at the same time. */
const concurrentDescriptions = 4;
/** A description is read from a file's head; a server that takes longer has trouble, and the list can do without. */
const describeDeadlineMs = 2_000;

/** The models of one server, and what is known of them. */
export interface ModelCatalog {
  /** Asks the server. */
  fetchModels(signal: AbortSignal): Promise<readonly ModelInfo[]>;
  /** The window that a model was last seen loaded with, or is to be loaded with; undefined when neither is known. */
  windowTokensOf(model: string): number | undefined;
  /** Whether the model can do nothing but embed, as far as the last list told. */
  onlyEmbeds(model: string): boolean;
  /** Takes over the windows from an answer of `/api/ps`. */
  noteLoaded(answer: JsonObject): void;
}

interface ModelCatalogInput {
  readonly client: ControlClient;
  readonly prefix: string;
  readonly log: Log;
  /** The window that the settings ask for. */
  readonly contextTokens: number | undefined;
}

export function createModelCatalog({ client, prefix, log, contextTokens }: ModelCatalogInput): ModelCatalog {
  /** By digest: the same digest is the same model for ever. Holds no more than the server lists. */
  let descriptions: ReadonlyMap<string, ModelDescription> = new Map();
  let parameterWindows: ReadonlyMap<string, number> = new Map();
  let loadedWindows: ReadonlyMap<string, number> = new Map();
  let embeddingModels: ReadonlySet<string> = new Set();

  function windowTokensOf(model: string): number | undefined {
    const name = withTag(model);
    return contextTokens ?? loadedWindows.get(name) ?? parameterWindows.get(name);
  }

  async function describe(name: string, signal: AbortSignal): Promise<ModelDescription> {
    const answer = await client.ask({
      path: `${prefix}/api/show`,
      body: { model: name },
      signal,
      deadlineMs: describeDeadlineMs,
    });
    return toModelDescription(expectObject(answer, "a model's description"));
  }

  /** Asks for the descriptions that are not known. One that cannot be had is asked for again at the next look. */
  async function describeNew(entries: readonly JsonObject[], signal: AbortSignal): Promise<void> {
    const known = new Map<string, ModelDescription>();
    const missing: JsonObject[] = [];
    for (const entry of entries) {
      const description = descriptions.get(keyOf(entry));
      if (description === undefined) missing.push(entry);
      else known.set(keyOf(entry), description);
    }
    async function work(): Promise<void> {
      for (let entry = missing.pop(); entry !== undefined; entry = missing.pop()) {
        try {
          known.set(keyOf(entry), await describe(nameOf(entry), signal));
        } catch (error) {
          if (signal.aborted) throw error;
          log.warn("ollama.model_not_described", { model: nameOf(entry), error });
          // A silent server must not cost its deadline once per model.
          if (error instanceof PlatformError && error.code === "upstream_timeout") missing.length = 0;
        }
      }
    }
    await Promise.all(Array.from({ length: concurrentDescriptions }, work));
    descriptions = known;
  }

  /** Learns the windows of loaded models. Not every server and proxy offers this, and the list does not depend on it. */
  async function fetchLoadedWindows(signal: AbortSignal): Promise<void> {
    try {
      const answer = await client.ask({ path: `${prefix}/api/ps`, signal });
      loadedWindows = toLoadedWindows(expectObject(answer, "the list of loaded models"));
    } catch (error) {
      if (signal.aborted || !(error instanceof PlatformError)) throw error;
      log.debug("ollama.loaded_models_unknown", { error });
    }
  }

  async function fetchModels(signal: AbortSignal): Promise<readonly ModelInfo[]> {
    const answer = await client.ask({ path: `${prefix}/api/tags`, signal });
    const entries = arrayAt(expectObject(answer, "the list of models"), "models").filter(isJsonObject);
    const named = entries.filter((entry) => nameOf(entry) !== "");
    await describeNew(named, signal);
    await fetchLoadedWindows(signal);
    const described = named.map((entry) => ({
      entry,
      description: descriptions.get(keyOf(entry)),
    }));
    parameterWindows = new Map(
      described.flatMap(({ entry, description }) =>
        description?.parameterTokens === undefined
          ? []
          : [[nameOf(entry), description.parameterTokens] as const],
      ),
    );
    const models = described.flatMap(({ entry, description }) => {
      const window = smaller(windowTokensOf(nameOf(entry)), description?.trainedTokens);
      return toModelInfo(entry, description, window) ?? [];
    });
    embeddingModels = new Set(
      models.filter(({ operations }) => operations.join() === "embedding").map(({ id }) => id),
    );
    return models;
  }

  return {
    fetchModels,
    windowTokensOf,
    onlyEmbeds: (model) => embeddingModels.has(withTag(model)),
    noteLoaded(answer) {
      loadedWindows = toLoadedWindows(answer);
    },
  };
}

function keyOf(entry: JsonObject): string {
  return textAt(entry, "digest") ?? nameOf(entry);
}

function nameOf(entry: JsonObject): string {
  return textAt(entry, "name") ?? textAt(entry, "model") ?? "";
}

/**
 * The window that a call really gets. The trained window alone is not told:
 * Ollama loads most models with a much smaller one.
 */
function smaller(window: number | undefined, trained: number | undefined): number | undefined {
  return window === undefined || trained === undefined ? window : Math.min(window, trained);
}
