import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { alertmanagerConfig } from "../../packages/server/src/telemetry/alerting/alertmanager-config.ts";
import { ask, at } from "../e2e/http.ts";
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

    const made = await ask(platform, "/api/v1/alerts/silences", {
      body: {
        matchers: [{ name: "alertname", value: "AlertDeliveryFailing" }],
        minutes: 60,
        comment: "known",
      },
    });
    expect(made.json).toEqual({ silences: [{ receiver: "alertmanager", id: expect.any(String) }] });
    await vi.waitFor(async () => {
      expect((await ask(platform, "/api/v1/alerts/silences")).json).toMatchObject({
        silences: [
          {
            receiver: "alertmanager",
            matchers: ['alertname="AlertDeliveryFailing"'],
            created_by: "local-admin",
            comment: "known",
          },
        ],
      });
      expect((await ask(platform, "/api/v1/alerts/known")).json).toMatchObject({
        alerts: expect.arrayContaining([
          expect.objectContaining({ name: "AlertDeliveryFailing", is_suppressed: true }),
        ]),
      });
    }, waiting);

    const id = String(at(made.json, "silences", "0", "id"));
    const end = () => ask(platform, `/api/v1/alerts/silences/alertmanager/${id}`, { method: "DELETE" });
    expect((await end()).status).toBe(200);
    expect((await ask(platform, "/api/v1/audit?operation=alerts.unsilence")).json).toMatchObject({
      records: expect.arrayContaining([
        expect.objectContaining({
          outcome: "started",
          target: { type: "silence", id, name: 'alertname="AlertDeliveryFailing"' },
        }),
      ]),
    });
    expect((await ask(platform, "/api/v1/alerts/silences")).json).toEqual({ silences: [] });
    const absent = await ask(
      platform,
      "/api/v1/alerts/silences/alertmanager/00000000-0000-0000-0000-000000000000",
      { method: "DELETE" },
    );
    expect(absent.status, absent.text).toBe(404);

    expect((await ask(platform, "/api/v1/alerts/receivers")).json).toEqual({
      receivers: [
        {
          receiver: "slack",
          state: "ready",
          keeps_silences: false,
          waiting: 0,
          last_taken_at: expect.any(String),
          last_failed_at: expect.any(String),
          last_problem: "Slack answered status 500 to a message.",
        },
        expect.objectContaining({ receiver: "alertmanager", keeps_silences: true, last_problem: null }),
      ],
    });
    const one = await ask(platform, "/api/v1/alerts/test", { body: { receiver: "slack" } });
    expect(one.json).toEqual({ receivers: [{ receiver: "slack", problem: null }] });
    const rules = at((await ask(platform, "/api/v1/alerts/rules")).json, "rules");
    expect(rules).toContainEqual(
      expect.objectContaining({
        name: "AlertDeliveryFailing",
        state: "firing",
        judged_by: "platform",
        condition: "the rise of llm_alert_delivery_failures_total in 15m is above 0, for each receiver",
        active: [expect.objectContaining({ state: "firing", labels: { receiver: "slack" } })],
      }),
    );
    expect(rules).toContainEqual(
      expect.objectContaining({ name: "Watchdog", judged_by: "prometheus", state: "unknown", active: [] }),
    );

    // The address of the webhook is a secret.
    const shown = await ask(platform, "/integrations/slack/status");
    expect(platform.log() + shown.text).not.toContain("CANARYHOOK");
    await platform.stop();
  },
  90_000,
);
