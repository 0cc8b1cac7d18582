import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { alertmanagerConfig } from "../../packages/server/src/telemetry/alerting/alertmanager-config.ts";
import {
  alertRuleFile,
  defaultRunbooksUrl,
  recordingRuleFile,
} from "../../packages/server/src/telemetry/rules/rule-file.ts";
import { chat } from "../e2e/http.ts";
import { openAiIntegration, type Platform, startPlatform } from "../e2e/start-platform.ts";
import { createFakeUpstream } from "../fakes/fake-upstream.ts";
import { startSlackEndpoint } from "../fakes/slack-endpoint.ts";
import { startSmtpServer } from "../fakes/smtp-server.ts";
import { alertmanagerProgram, startAlertmanager } from "../services/alertmanager.ts";
import { prometheusProgram, startPrometheus } from "../services/prometheus.ts";

/** A minute of the rules passes in one second. */
const speed = 60;
/** The breaker has to close, and the bad calls to leave the five minutes. */
const resolvedWithinMs = 60_000;
const isHere = prometheusProgram !== undefined && alertmanagerProgram !== undefined;

/** Calls one after another until it is told to stop. */
function keepCalling(platform: Platform): () => Promise<void> {
  const state = { isOver: false };
  const calling = (async () => {
    while (!state.isOver) {
      // When the test fails the platform may end in the middle of a call: that is not what it failed of.
      await chat(platform, "tiny-chat").catch(() => undefined);
      await sleep(10);
    }
  })();
  return async () => {
    state.isOver = true;
    await calling;
  };
}

test.skipIf(!isHere)(
  "calls that fail make Prometheus fire, Alertmanager tells Slack and the mail server, and tells them when it is over",
  async () => {
    const folder = await mkdtemp(join(tmpdir(), "llm-platform-alerts-"));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const upstream = await createFakeUpstream({ dialect: "openai", models: ["tiny-chat"] });
    onTestFinished(() => upstream.stop());
    const slack = await startSlackEndpoint();
    onTestFinished(() => slack.stop());
    const smtp = await startSmtpServer();
    onTestFinished(() => smtp.stop());
    const platform = await startPlatform({
      config: {
        integrations: [openAiIntegration("fake", upstream.origin)],
        gateway: { breaker: { open_seconds: 1 } },
      },
    });
    const webhookFile = join(folder, "slack-webhook");
    await writeFile(webhookFile, slack.webhook);
    const alertmanager = await startAlertmanager(
      folder,
      alertmanagerConfig({
        slack: { apiUrlFile: webhookFile, channel: "#llm" },
        email: {
          to: ["ops@example.com"],
          from: "llm-platform@example.com",
          smarthost: `127.0.0.1:${smtp.port}`,
          requireTls: false,
        },
        speed,
      }),
    );
    onTestFinished(() => alertmanager.stop());
    const options = { runbooksUrl: defaultRunbooksUrl, speed };
    const prometheus = await startPrometheus({
      folder,
      target: `127.0.0.1:${platform.port}`,
      rules: [alertRuleFile(options), recordingRuleFile(options)],
      alertmanager: new URL(alertmanager.url).host,
    });
    onTestFinished(() => prometheus.stop());
    const stopCalling = keepCalling(platform);

    const isAbout = (title: string, text: string) => `${title} ${text}`.includes("HighErrorRate");
    upstream.always({ kind: "status", status: 500 });
    const told = await slack.inbox.find(({ attachments = [] }) =>
      attachments.some(({ title, text }) => isAbout(title, text)),
    );
    expect(told.channel).toBe("#llm");
    expect(told.attachments?.[0]).toMatchObject({ title: "[FIRING 1] HighErrorRate", color: "danger" });
    expect(told.attachments?.[0]?.text).toMatch(
      /^\*critical\* More than one in ten model calls fails\n[\d.]+% of the model calls of the last five minutes failed/,
    );
    expect(told.attachments?.[0]?.text).toContain(`<${defaultRunbooksUrl}/HighErrorRate.md|runbook>`);
    const mail = await smtp.inbox.find(({ data }) => data.includes("[FIRING 1] HighErrorRate"));
    expect(mail).toMatchObject({ from: "llm-platform@example.com", to: ["ops@example.com"] });
    expect(mail.text).toMatch(/critical: More than one in ten model calls fails\n[\d.]+% of the model calls/);
    expect(mail.text).toContain(`What to do: ${defaultRunbooksUrl}/HighErrorRate.md`);

    await upstream.reset();
    const over = await slack.inbox.find(
      ({ attachments = [] }) => attachments[0]?.title === "[RESOLVED] HighErrorRate",
      resolvedWithinMs,
    );
    expect(over.attachments?.[0]?.color).toBe("good");
    await smtp.inbox.find(({ data }) => data.includes("[RESOLVED] HighErrorRate"), resolvedWithinMs);
    await stopCalling();
    // A sign of life is not for people.
    expect(JSON.stringify([slack.inbox.items, smtp.inbox.items])).not.toContain("Watchdog");
    await platform.stop();
  },
  120_000,
);
