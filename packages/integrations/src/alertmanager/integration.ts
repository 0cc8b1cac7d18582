import {
  defineIntegration,
  type IntegrationContext,
  PlatformError,
  type RunningIntegration,
  textAt,
} from "@llm-platform/kit";
import { createControlClient, expectObject, expectSuccess } from "../control-client.ts";
import { healthOfFailure, healthOfStatus } from "../probe-health.ts";
import { toSharedHeaders } from "../request-headers.ts";
import { parseServerAddress } from "../server-address.ts";
import { withServerTrust } from "../server-trust.ts";
import { toStartError } from "../start-error.ts";
import { decodeAlerts, decodeSilences, encodeAlerts, encodeSilence } from "./alertmanager-wire.ts";
import { type AlertmanagerSettings, alertmanagerSettings } from "./settings.ts";

/** Alertmanager, told of alerts by the platform itself: for installations without Prometheus. */
export const alertmanagerIntegration = defineIntegration<AlertmanagerSettings>({
  contract: 1,
  id: "alertmanager",
  type: "monitoring",
  summary: "Alertmanager, which the platform itself tells of alerts.",
  settings: alertmanagerSettings,
  start,
});

async function start(given: IntegrationContext<AlertmanagerSettings>): Promise<RunningIntegration> {
  const context = await withServerTrust(given);
  const { settings, signal } = context;
  const { origin, prefix } = parseServerAddress(settings.url);
  const headers = toSharedHeaders({ accept: "application/json", apiKey: settings.token, extra: undefined });
  const client = createControlClient({ fetch: context.fetch, origin, headers });
  const ask = async (what: string, until: AbortSignal) => {
    const answer = await client.ask({ path: `${prefix}/api/v2/${what}`, signal: until });
    expectSuccess(answer, what);
    return answer.json;
  };
  const probe = (until: AbortSignal) => client.ask({ path: `${prefix}/-/healthy`, signal: until });
  try {
    expectSuccess(await probe(signal), "its health");
  } catch (error) {
    throw toStartError(error, {
      origin,
      advice: "Check that Alertmanager runs and that url is right.",
      signal,
    });
  }
  return {
    alerts: {
      needsRepeats: true,
      async deliver(notices, until) {
        const body = encodeAlerts(notices, Date.now());
        const answer = await client.ask({ path: `${prefix}/api/v2/alerts`, body, signal: until });
        expectSuccess(answer, "taking alerts");
      },
      known: async (until) => decodeAlerts(await ask("alerts", until)),
      silences: async (until) => decodeSilences(await ask("silences", until)),
      async silence(silence, until) {
        const body = encodeSilence(silence, Date.now());
        const answer = await client.ask({ path: `${prefix}/api/v2/silences`, body, signal: until });
        const id = textAt(expectObject(answer, "a silence"), "silenceID");
        if (id !== undefined) return id;
        throw new PlatformError("upstream_malformed", "Alertmanager gave the silence no id.");
      },
      async endSilence(id, until) {
        const path = `${prefix}/api/v2/silence/${encodeURIComponent(id)}`;
        // Asked for first: releases differ in how they refuse to end one that they do not know.
        const { status } = await client.ask({ path, signal: until });
        if (status === 404 || status === 400 || status === 422)
          throw new PlatformError("not_found", "Alertmanager knows no such silence. Ask for the list anew.");
        const answer = await client.ask({ path, method: "DELETE", signal: until });
        expectSuccess(answer, "ending a silence");
      },
    },
    async health(until) {
      try {
        return healthOfStatus((await probe(until)).status, origin);
      } catch (error) {
        return healthOfFailure(error, origin);
      }
    },
    stop: async () => undefined,
  };
}
