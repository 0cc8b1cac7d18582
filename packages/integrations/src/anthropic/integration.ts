import { defineIntegration, type IntegrationContext, type RunningIntegration } from "@llm-platform/kit";
import { createControlClient } from "../control-client.ts";
import { createModelWatch } from "../model-watch.ts";
import { healthOfFailure, healthOfStatus } from "../probe-health.ts";
import { toSharedHeaders } from "../request-headers.ts";
import { parseServerAddress } from "../server-address.ts";
import { withServerTrust } from "../server-trust.ts";
import { toStartError } from "../start-error.ts";
import { createAnthropicPlatform } from "./anthropic-platform.ts";
import { createAnthropicCodec } from "./anthropic-wire.ts";
import { createModelSource } from "./model-source.ts";
import { type AnthropicSettings, anthropicSettings, toKeyHeaders } from "./settings.ts";

const startAdvice = "Check that this machine reaches it and that base_url is right.";

/** Models of Anthropic, or of another server of the Messages API. */
export const anthropicIntegration = defineIntegration<AnthropicSettings>({
  contract: 1,
  id: "anthropic",
  type: "model_platform",
  summary: "Anthropic's models, by its Messages API.",
  settings: anthropicSettings,
  start,
});

async function start(given: IntegrationContext<AnthropicSettings>): Promise<RunningIntegration> {
  const context = await withServerTrust(given);
  const { settings, log, signal } = context;
  const address = parseServerAddress(settings.base_url);
  const { origin, prefix } = address;
  const headers = toSharedHeaders({ accept: "application/json", extra: toKeyHeaders(settings) });
  const client = createControlClient({ fetch: context.fetch, origin, headers });
  const source = createModelSource({ client, prefix, declared: settings.models });
  const watch = createModelWatch({
    fetchModels: source.fetchModels,
    refreshMs: settings.model_refresh_seconds * 1_000,
    onChanged: (models) => context.emit("models.changed", { models: models.length }),
    onFailure: (error) => log.warn("anthropic.refresh_failed", { error }),
  });
  try {
    const models = await watch.list(signal);
    log.info("anthropic.started", { models: models.length });
  } catch (error) {
    throw toStartError(error, { origin, advice: startAdvice, signal });
  }
  const codec = createAnthropicCodec({
    defaultMaxTokens: settings.default_max_tokens,
    thinkingFormOf: source.thinkingFormOf,
  });
  watch.begin();
  return {
    models: createAnthropicPlatform({ context, client, address, codec, list: watch.list }),
    async health(probeSignal) {
      try {
        const { status } = await client.ask({ path: `${prefix}/v1/models?limit=1`, signal: probeSignal });
        // A server that has no list of models has answered too.
        return healthOfStatus(settings.models !== undefined && status === 404 ? 200 : status, origin);
      } catch (error) {
        return healthOfFailure(error, origin);
      }
    },
    async stop() {
      watch.stop();
    },
  };
}
