import {
  arrayAt,
  type IntegrationContext,
  isJsonObject,
  type JsonObject,
  type ModelInfo,
  PlatformError,
} from "@llm-platform/kit";
import { type ControlAnswer, type ControlClient, expectObject } from "../control-client.ts";
import {
  declaredModels,
  type ModelDetails,
  selectDeclared,
  toLlamaCppDetails,
  toLmStudioDetails,
  toModelInfo,
} from "./model-entry.ts";
import type { Profile } from "./profiles.ts";
import type { OpenAiCompatibleSettings } from "./settings.ts";

/** Statuses of a server that has no list of models. */
const noListStatuses = [404, 405, 501];

interface ModelSourceInput {
  readonly client: ControlClient;
  readonly apiPrefix: string;
  readonly rootPrefix: string;
  readonly profile: Profile;
  readonly declared: OpenAiCompatibleSettings["models"];
  readonly log: IntegrationContext<unknown>["log"];
}

/** Where the models of one server are learned from. */
export interface ModelSource {
  /** Throws PlatformError. */
  fetchModels(signal: AbortSignal): Promise<readonly ModelInfo[]>;
  /** Whether the last list was refused for want of a credential, which a health path may not show. */
  wasRefused(): boolean;
}

export function createModelSource(input: ModelSourceInput): ModelSource {
  const { client, apiPrefix, rootPrefix, profile, declared } = input;
  let isRefused = false;

  async function fetchModels(signal: AbortSignal): Promise<readonly ModelInfo[]> {
    const answer = await client.ask({ path: `${apiPrefix}/models`, signal });
    isRefused = answer.status === 401 || answer.status === 403;
    if (noListStatuses.includes(answer.status)) return modelsWithoutList(declared);
    const entries = readEntries(answer);
    const details = entries.length === 0 ? undefined : await fetchDetails(signal);
    const models = entries.flatMap((entry) => toModelInfo(entry, details?.(String(entry.id))) ?? []);
    return selectDeclared(withoutRepeats(models), declared);
  }

  /** What the server tells beside its list. The list is good without it. */
  async function fetchDetails(
    signal: AbortSignal,
  ): Promise<((id: string) => ModelDetails | undefined) | undefined> {
    if (profile.details === undefined) return undefined;
    try {
      const answer = await client.ask({
        path: `${rootPrefix}${profile.details.path}`,
        signal,
      });
      return readDetails(profile.details.form, expectObject(answer, "details of its models"));
    } catch (error) {
      if (signal.aborted) throw error;
      input.log.debug("openai_compatible.details_unknown", { error });
      return undefined;
    }
  }

  return { fetchModels, wasRefused: () => isRefused };
}

/** Whether the server answered that it has no list of models. */
export function hasNoList({ status }: ControlAnswer): boolean {
  return noListStatuses.includes(status);
}

function readDetails(
  form: NonNullable<Profile["details"]>["form"],
  answer: JsonObject,
): (id: string) => ModelDetails | undefined {
  if (form === "llama-cpp-props") {
    const details = toLlamaCppDetails(answer);
    return () => details;
  }
  const byId = toLmStudioDetails(answer);
  return (id) => byId.get(id);
}

function readEntries(answer: ControlAnswer): readonly JsonObject[] {
  // Some servers give the bare list, without the object around it.
  const list = Array.isArray(answer.json)
    ? answer.json
    : arrayAt(expectObject(answer, "its list of models"), "data");
  return list.filter(isJsonObject);
}

function modelsWithoutList(declared: OpenAiCompatibleSettings["models"]): readonly ModelInfo[] {
  if (declared !== undefined) return declaredModels(declared);
  throw new PlatformError(
    "upstream_error",
    "The server has no list of models. Name its models in the setting models.",
    {
      upstreamStatus: 404,
    },
  );
}

function withoutRepeats(models: readonly ModelInfo[]): readonly ModelInfo[] {
  return [...new Map(models.map((model) => [model.id, model])).values()];
}
