import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { alertmanagerConfig } from "../../packages/server/src/telemetry/alerting/alertmanager-config.ts";
import { ask } from "../e2e/http.ts";
import { startPlatform } from "../e2e/start-platform.ts";
import { startSlackEndpoint } from "../fakes/slack-endpoint.ts";
import { alertmanagerProgram, startAlertmanager } from "../services/alertmanager.ts";

const waiting = { timeout: 20_000, interval: 200 };

test.skipIf(alertmanagerProgram === undefined)(
  "without Prometheus the platform tells Slack and Alertmanager itself, and tells of one that does not take it",
  async () => {
    const folder = await mkdtemp(join(tmpdir(), "llm-platform-own-alerts-"));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const slack = await startSlackEndpoint();
    onTestFinished(() => slack.stop());
    const alertmanager = await startAlertmanager(folder, alertmanagerConfig({}));
    onTestFinished(() => alertmanager.stop());
    const platform = await startPlatform({
      config: {
        integrations: [
          { name: "slack", settings: { webhook_url: slack.webhook, channel: "#llm" } },
          { name: "alertmanager", settings: { url: alertmanager.url } },
        ],
        alerts: { every_seconds: 1 },
      },
    });
    const sendTest = () => ask(platform, "/api/v1/alerts/test", { method: "POST", body: {} });

    expect((await sendTest()).json).toEqual({
      receivers: [
        { receiver: "slack", problem: null },
        { receiver: "alertmanager", problem: null },
      ],
    });
    const first = await slack.inbox.find(({ attachments }) => attachments?.[0] !== undefined);
    expect(first).toMatchObject({ channel: "#llm", attachments: [{ title: "[FIRING] TestAlert" }] });
    expect((await ask(platform, "/api/v1/alerts/known")).json).toMatchObject({
      alerts: [{ receiver: "alertmanager", name: "TestAlert", is_suppressed: false }],
    });

    slack.answerWith(500);
    expect((await sendTest()).json).toMatchObject({
      receivers: [
        { receiver: "slack", problem: "Slack answered status 500 to a message." },
        { receiver: "alertmanager", problem: null },
      ],
    });
    await vi.waitFor(async () => {
      const { json } = await ask(platform, "/api/v1/alerts");
      expect(json).toMatchObject({
        alerts: [{ name: "AlertDeliveryFailing", severity: "warning", labels: { receiver: "slack" } }],
      });
      const known = (await ask(platform, "/api/v1/alerts/known")).text;
      expect(known).toContain("AlertDeliveryFailing");
    }, waiting);
    expect((await ask(platform, "/metrics")).text).toMatch(
      /^llm_alerts_firing\{alertname="AlertDeliveryFailing",severity="warning"\} 1$/m,
    );
    await platform.logLine(/"event":"alert\.delivery_failed"/);
    expect((await ask(platform, "/integrations/events?limit=500")).text).toContain(
      "Slack answered status 500",
    );

    // What could not be told is told once the receiver is back.
    slack.answerWith(200);
    const late = await slack.inbox.find(
      ({ attachments }) => attachments?.some(({ title }) => title.includes("AlertDeliveryFailing")) === true,
    );
    expect(late.attachments?.[0]?.text).toContain("slack does not take alerts");

    const silence = {
      matchers: [{ name: "alertname", value: "AlertDeliveryFailing", isRegex: false, isEqual: true }],
      startsAt: new Date().toISOString(),
      endsAt: new Date(Date.now() + 3_600_000).toISOString(),
      createdBy: "ada",
      comment: "known",
    };
    await fetch(`${alertmanager.url}/api/v2/silences`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(silence),
    });
    await vi.waitFor(async () => {
      expect((await ask(platform, "/api/v1/alerts/silences")).json).toMatchObject({
        silences: [
          { receiver: "alertmanager", matchers: ['alertname="AlertDeliveryFailing"'], created_by: "ada" },
        ],
      });
      expect((await ask(platform, "/api/v1/alerts/known")).json).toMatchObject({
        alerts: expect.arrayContaining([
          expect.objectContaining({ name: "AlertDeliveryFailing", is_suppressed: true }),
        ]),
      });
    }, waiting);

    // The address of the webhook is a secret.
    const shown = await ask(platform, "/integrations/slack/status");
    expect(platform.log() + shown.text).not.toContain("CANARYHOOK");
    await platform.stop();
  },
  90_000,
);
