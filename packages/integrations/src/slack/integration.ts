import {
  defineIntegration,
  type Health,
  type IntegrationContext,
  PlatformError,
  type RunningIntegration,
} from "@llm-platform/kit";
import { withServerTrust } from "../server-trust.ts";
import { encodeSlackMessage } from "./slack-message.ts";
import { type SlackSettings, slackSettings } from "./settings.ts";

/** Slack, told of alerts by the platform itself. */
export const slackIntegration = defineIntegration<SlackSettings>({
  contract: 1,
  id: "slack",
  type: "monitoring",
  summary: "Alerts of the platform as messages in Slack.",
  settings: slackSettings,
  start,
});

async function start(given: IntegrationContext<SlackSettings>): Promise<RunningIntegration> {
  const context = await withServerTrust(given);
  const { settings } = context;
  // A webhook cannot be asked without writing: how it is, is known from the last message.
  let last: Health = { status: "ok" };
  return {
    alerts: {
      async deliver(notices, signal) {
        try {
          const response = await context.fetch(settings.webhook_url.reveal(), {
            method: "POST",
            headers: { "content-type": "application/json" },
            body: JSON.stringify(encodeSlackMessage(notices, settings.channel)),
            signal,
          });
          // Read, so that the connection can be used again.
          await response.arrayBuffer();
          requireTaken(response.status);
          last = { status: "ok" };
        } catch (error) {
          last = {
            status: "degraded",
            detail: error instanceof PlatformError ? error.message : "The last message did not reach Slack.",
          };
          throw error;
        }
      },
    },
    health: async () => last,
    stop: async () => undefined,
  };
}

function requireTaken(status: number): void {
  if (status === 200) return;
  const isGone = status === 403 || status === 404 || status === 410;
  throw new PlatformError(
    isGone ? "upstream_auth" : "upstream_error",
    isGone
      ? `Slack does not know the webhook any more (status ${status}). Make a new one, and set webhook_url.`
      : `Slack answered status ${status} to a message.`,
    { upstreamStatus: status, isRetryable: status === 429 || status >= 500 },
  );
}
