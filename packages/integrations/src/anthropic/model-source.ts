import {
  arrayAt,
  countAt,
  isJsonObject,
  type JsonObject,
  type ModelInfo,
  objectAt,
  PlatformError,
  textAt,
} from "@llm-platform/kit";
import { type ControlClient, expectObject } from "../control-client.ts";
import type { ThinkingForm } from "./encode-reasoning.ts";

/** Statuses of a server that has no list of models. */
const noListStatuses = [404, 405, 501];
/** Anthropic gives this many at a time at most. */
const pageSize = 1_000;
/** A list that is longer than this goes round in circles. */
const mostPages = 20;

interface ModelSourceInput {
  readonly client: ControlClient;
  readonly prefix: string;
  /** Only these are offered, when given. */
  readonly declared: readonly string[] | undefined;
}

/** Where the models of one server are learned from. */
export interface ModelSource {
  /** Throws PlatformError. */
  fetchModels(signal: AbortSignal): Promise<readonly ModelInfo[]>;
  /** As the server told last of a model; the older form for one of which it tells nothing. */
  thinkingFormOf(model: string): ThinkingForm;
}

export function createModelSource({ client, prefix, declared }: ModelSourceInput): ModelSource {
  const adaptive = new Set<string>();

  async function fetchListed(signal: AbortSignal): Promise<readonly ModelInfo[] | undefined> {
    const models: ModelInfo[] = [];
    let after = "";
    for (let page = 0; page < mostPages; page++) {
      const answer = await client.ask({ path: `${prefix}/v1/models?limit=${pageSize}${after}`, signal });
      if (noListStatuses.includes(answer.status)) return undefined;
      const list = expectObject(answer, "its list of models");
      const entries = arrayAt(list, "data").filter(isJsonObject);
      models.push(...entries.flatMap(toModelInfo));
      for (const entry of entries) if (isAdaptive(entry)) adaptive.add(textAt(entry, "id") ?? "");
      const last = textAt(list, "last_id");
      if (list.has_more !== true || last === undefined) break;
      after = `&after_id=${encodeURIComponent(last)}`;
    }
    return models;
  }

  return {
    async fetchModels(signal) {
      const listed = await fetchListed(signal);
      if (declared === undefined) return listed ?? refuseWithoutList();
      const known = new Map(listed?.map((model) => [model.id, model]));
      return declared.map((id) => known.get(id) ?? { id, operations: ["chat"] });
    },
    thinkingFormOf: (model) => (adaptive.has(model) ? "adaptive" : "budget"),
  };
}

function isAdaptive(entry: JsonObject): boolean {
  const capabilities = objectAt(entry, "capabilities");
  const types = objectAt(objectAt(capabilities, "thinking"), "types");
  return (
    objectAt(types, "adaptive").supported === true && objectAt(capabilities, "effort").supported === true
  );
}

function refuseWithoutList(): never {
  throw new PlatformError(
    "upstream_error",
    "The server has no list of models. Name its models in the setting models.",
    { upstreamStatus: 404 },
  );
}

function toModelInfo(entry: JsonObject): readonly ModelInfo[] {
  const id = textAt(entry, "id");
  if (id === undefined) return [];
  const createdAtMs = Date.parse(textAt(entry, "created_at") ?? "");
  const contextTokens = countAt(entry, "max_input_tokens");
  return [
    {
      id,
      operations: ["chat"],
      ownedBy: "anthropic",
      ...(Number.isNaN(createdAtMs) ? {} : { createdAtSeconds: Math.floor(createdAtMs / 1_000) }),
      ...(contextTokens === undefined || contextTokens === 0 ? {} : { contextTokens }),
    },
  ];
}
