import {
  defineIntegration,
  type Health,
  type IntegrationContext,
  type PlatformError,
  type RunningIntegration,
} from "@llm-platform/kit";
import { parseServerAddress } from "../server-address.ts";
import { withServerTrust } from "../server-trust.ts";
import { createHubClient } from "./hub-client.ts";
import { createHuggingFaceHub } from "./hugging-face-hub.ts";
import { type HuggingFaceSettings, huggingFaceSettings } from "./settings.ts";

/** Searches the Hugging Face Hub, and is where models are pulled from. */
export const huggingFaceIntegration = defineIntegration<HuggingFaceSettings>({
  contract: 1,
  id: "huggingface",
  type: "service",
  summary: "The Hugging Face Hub: models to search and to pull.",
  settings: huggingFaceSettings,
  metrics: [
    {
      name: "calls_total",
      help: "Calls of the Hub's API, by how they went.",
      type: "counter",
      labels: ["result"],
    },
  ],
  start,
});

async function start(given: IntegrationContext<HuggingFaceSettings>): Promise<RunningIntegration> {
  const context = await withServerTrust(given);
  const address = parseServerAddress(context.settings.endpoint);
  const state: { lastError?: PlatformError | undefined } = {};
  const client = createHubClient({
    context,
    address,
    monotonicMs: () => performance.now(),
    onCall(error) {
      state.lastError = error;
      context.metrics.add("calls_total", 1, { result: error?.code ?? "ok" });
    },
  });
  return {
    hub: createHuggingFaceHub(client, { context, address }),
    health: async () => healthOf(context.settings, state.lastError),
    stop: async () => undefined,
  };
}

/** Nobody is told over the network that this server runs: health is how the last call went that somebody asked for. */
function healthOf({ offline }: HuggingFaceSettings, lastError: PlatformError | undefined): Health {
  if (offline) return { status: "ok", detail: "The Hub is not asked: `offline` is set." };
  switch (lastError?.code) {
    case "upstream_auth":
      return { status: "auth_required", detail: lastError.message };
    case "upstream_error":
    case "upstream_timeout":
    case "upstream_malformed":
    case "rate_limited":
      return { status: "degraded", detail: lastError.message };
    default:
      return { status: "ok" };
  }
}
