import {
  defineIntegration,
  type Health,
  type IntegrationContext,
  type RunningIntegration,
} from "@llm-platform/kit";
import { type ControlAnswer, type ControlClient, createControlClient } from "../control-client.ts";
import { createModelWatch } from "../model-watch.ts";
import { healthOfFailure, healthOfStatus } from "../probe-health.ts";
import { toSharedHeaders } from "../request-headers.ts";
import { parseServerAddress } from "../server-address.ts";
import { withServerTrust } from "../server-trust.ts";
import { toStartError } from "../start-error.ts";
import { detectProfile } from "./detect-profile.ts";
import { createModelSource, hasNoList, type ModelSource } from "./model-source.ts";
import { createOpenAiPlatform } from "./openai-platform.ts";
import { type Profile, profiles } from "./profiles.ts";
import { type OpenAiCompatibleSettings, openAiCompatibleSettings } from "./settings.ts";

const startAdvice = "Check that the server runs and that base_url is right.";

/** Models of any server that speaks the OpenAI API. */
export const openAiCompatibleIntegration = defineIntegration<OpenAiCompatibleSettings>({
  contract: 1,
  id: "openai-compatible",
  type: "model_platform",
  summary:
    "Any server with an OpenAI API: vLLM, LocalAI, text-generation-webui, llama.cpp, LM Studio, OpenAI and others.",
  settings: openAiCompatibleSettings,
  start,
});

async function start(given: IntegrationContext<OpenAiCompatibleSettings>): Promise<RunningIntegration> {
  const context = await withServerTrust(given);
  const { settings, log, signal } = context;
  const { origin, prefix } = parseServerAddress(settings.base_url);
  const headers = toSharedHeaders({
    accept: "application/json",
    apiKey: settings.api_key,
    extra: settings.headers,
  });
  const client = createControlClient({ fetch: context.fetch, origin, headers });
  try {
    const { apiPrefix, listAnswer } = await findApi(client, prefix, signal);
    const rootPrefix = apiPrefix.replace(/\/v1$/, "");
    const name =
      settings.profile === "auto"
        ? await detectProfile({ client, rootPrefix, listAnswer, signal })
        : settings.profile;
    const profile = profiles[name];
    const source = createModelSource({
      client,
      apiPrefix,
      rootPrefix,
      profile,
      declared: settings.models,
      log,
    });
    const watch = createModelWatch({
      fetchModels: source.fetchModels,
      refreshMs: settings.model_refresh_seconds * 1_000,
      onChanged: (models) => context.emit("models.changed", { models: models.length }),
      onFailure: (error) => log.warn("openai_compatible.refresh_failed", { error }),
    });
    const models = await watch.list(signal);
    const platform = createOpenAiPlatform({
      context,
      origin,
      apiPrefix,
      profile,
      list: watch.list,
    });
    log.info("openai_compatible.started", {
      profile: name,
      models: models.length,
    });
    watch.begin();
    return {
      models: platform,
      health: createProbe({
        client,
        origin,
        path: healthPathOf(profile, { apiPrefix, rootPrefix, listAnswer }),
        source,
      }),
      async stop() {
        watch.stop();
      },
    };
  } catch (error) {
    throw toStartError(error, { origin, advice: startAdvice, signal });
  }
}

interface FoundApi {
  /** Path before `/chat/completions`. */
  readonly apiPrefix: string;
  readonly listAnswer: ControlAnswer;
}

/** An address without a path may mean the server's root or the API itself: the list of models tells which. */
async function findApi(client: ControlClient, prefix: string, signal: AbortSignal): Promise<FoundApi> {
  const ask = async (apiPrefix: string): Promise<FoundApi> => ({
    apiPrefix,
    listAnswer: await client.ask({ path: `${apiPrefix}/models`, signal }),
  });
  if (prefix !== "") return ask(prefix);
  const atV1 = await ask("/v1");
  if (!hasNoList(atV1.listAnswer)) return atV1;
  const atRoot = await ask("");
  return atRoot.listAnswer.status < 400 ? atRoot : atV1;
}

interface HealthPaths {
  readonly apiPrefix: string;
  readonly rootPrefix: string;
  readonly listAnswer: ControlAnswer;
}

/** Undefined where neither a health path nor a list is there to ask. */
function healthPathOf(
  profile: Profile,
  { apiPrefix, rootPrefix, listAnswer }: HealthPaths,
): string | undefined {
  if (profile.healthPath !== undefined) return `${rootPrefix}${profile.healthPath}`;
  return hasNoList(listAnswer) ? undefined : `${apiPrefix}/models`;
}

interface ProbeInput {
  readonly client: ControlClient;
  readonly origin: string;
  readonly path: string | undefined;
  readonly source: ModelSource;
}

function createProbe({ client, origin, path, source }: ProbeInput): (signal: AbortSignal) => Promise<Health> {
  return async (signal) => {
    try {
      const { status } = await client.ask({ path: path ?? "/", signal });
      // With nothing to ask for, any answer shows that the server is there.
      const health = healthOfStatus(path === undefined && status < 500 ? 200 : status, origin);
      if (health.status !== "ok" || !source.wasRefused()) return health;
      return {
        status: "auth_required",
        detail: `${origin} refused the credential for its list of models. Check the API key.`,
      };
    } catch (error) {
      return healthOfFailure(error, origin);
    }
  };
}
