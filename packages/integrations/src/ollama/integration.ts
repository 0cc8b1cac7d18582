import {
  defineIntegration,
  type Health,
  type IntegrationContext,
  type JsonObject,
  type RunningIntegration,
  textAt,
} from "@llm-platform/kit";
import { type ControlClient, createControlClient, expectObject } from "../control-client.ts";
import { createModelWatch } from "../model-watch.ts";
import { healthOfFailure, healthOfStatus } from "../probe-health.ts";
import { toSharedHeaders } from "../request-headers.ts";
import { parseServerAddress, type ServerAddress } from "../server-address.ts";
import { withServerTrust } from "../server-trust.ts";
import { toStartError } from "../start-error.ts";
import { createModelCatalog } from "./model-catalog.ts";
import { createOllamaPlatform } from "./ollama-platform.ts";
import { createOllamaCodec } from "./ollama-wire.ts";
import { type OllamaSettings, ollamaSettings } from "./settings.ts";

const startAdvice = "Start Ollama with `ollama serve`, or correct base_url.";

/** Models that Ollama serves, by its own API. */
export const ollamaIntegration = defineIntegration<OllamaSettings>({
  contract: 1,
  id: "ollama",
  type: "model_platform",
  summary: "Models served by Ollama, on this machine or another.",
  settings: ollamaSettings,
  start,
});

async function start(given: IntegrationContext<OllamaSettings>): Promise<RunningIntegration> {
  const context = await withServerTrust(given);
  const { settings, log } = context;
  const address = parseServerAddress(settings.base_url);
  const headers = toSharedHeaders({
    accept: "application/json",
    apiKey: settings.api_key,
  });
  const client = createControlClient({
    fetch: context.fetch,
    origin: address.origin,
    headers,
  });
  const server = createServerProbe(client, address);
  const contextTokens = settings.context_tokens;
  const catalog = createModelCatalog({
    client,
    prefix: address.prefix,
    log,
    contextTokens,
  });
  const watch = createModelWatch({
    fetchModels: catalog.fetchModels,
    refreshMs: settings.model_refresh_seconds * 1_000,
    onChanged: (models) => context.emit("models.changed", { models: models.length }),
    onFailure: (error) => log.warn("ollama.refresh_failed", { error }),
  });
  try {
    await server.readVersion(context.signal);
    await watch.list(context.signal);
  } catch (error) {
    throw toStartError(error, {
      origin: address.origin,
      advice: startAdvice,
      signal: context.signal,
    });
  }
  const codec = createOllamaCodec({
    ...(settings.keep_alive === undefined ? {} : { keepAlive: settings.keep_alive }),
    ...(contextTokens === undefined ? {} : { contextTokens }),
    serverVersion: server.version,
    windowTokensOf: catalog.windowTokensOf,
  });
  watch.begin();
  return {
    models: createOllamaPlatform({
      context,
      client,
      address,
      catalog,
      watch,
      codec,
    }),
    health: server.health,
    async stop() {
      watch.stop();
    },
  };
}

interface ServerProbe {
  /** Asks for the version and keeps it. Throws PlatformError. */
  readVersion(signal: AbortSignal): Promise<void>;
  health(signal: AbortSignal): Promise<Health>;
  version(): string | undefined;
}

/** Looks at the server by `/api/version`, its cheapest answer; also after an update of the server behind our back. */
function createServerProbe(client: ControlClient, { origin, prefix }: ServerAddress): ServerProbe {
  const path = `${prefix}/api/version`;
  let version: string | undefined;
  const keep = (answer: JsonObject): void => {
    version = textAt(answer, "version");
  };
  return {
    version: () => version,
    async readVersion(signal) {
      keep(expectObject(await client.ask({ path, signal }), "its version"));
    },
    async health(signal) {
      try {
        const answer = await client.ask({ path, signal });
        const health = healthOfStatus(answer.status, origin);
        if (health.status === "ok" && answer.status !== 429) keep(expectObject(answer, "its version"));
        return health;
      } catch (error) {
        return healthOfFailure(error, origin);
      }
    },
  };
}
