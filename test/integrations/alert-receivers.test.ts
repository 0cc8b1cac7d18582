import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { alertmanagerIntegration, slackIntegration } from "@llm-platform/integrations";
import type { AlertNotice } from "@llm-platform/kit";
import { createFakeHost, integrationContract } from "@llm-platform/kit/testing";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { startSlackEndpoint } from "../fakes/slack-endpoint.ts";
import { createSilentServer, type SilentServer } from "./silent-server.ts";

const never = new AbortController().signal;

/** Answers to Alertmanager's probe, where something in front of it knows the token. */
async function startGuarded(): Promise<{ readonly server: Server; readonly origin: string }> {
  const server = createServer((request, response) => {
    const isKnown = request.headers.authorization === "Bearer right";
    response.writeHead(isKnown ? 200 : 401).end("OK");
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return { server, origin: `http://127.0.0.1:${port}` };
}

describe("the contract of alertmanager", () => {
  let guarded: Awaited<ReturnType<typeof startGuarded>>;
  let silent: SilentServer;
  beforeAll(async () => {
    guarded = await startGuarded();
    silent = await createSilentServer();
  });
  afterAll(() => {
    guarded.server.closeAllConnections();
    guarded.server.close();
    silent.stop();
  });
  const cases = (origin: string, silentOrigin: string) =>
    integrationContract({
      definition: alertmanagerIntegration,
      settings: { url: origin, token: "right" },
      breakSettings: { url: origin, token: "wrong" },
      hangSettings: { url: silentOrigin, token: "right" },
    });
  const names = cases("", "").map(({ name }) => name);
  test.each(names.map((name, index) => [name, index] as const))("%s", async (_name, index) => {
    await cases(guarded.origin, silent.origin)[index]?.run();
  });
});

describe("the contract of slack", () => {
  const cases = () =>
    integrationContract({
      definition: slackIntegration,
      settings: { webhook_url: "http://127.0.0.1:9/services/T0/B0/X" },
    });
  test.each(cases().map(({ name }, index) => [name, index] as const))("%s", async (_name, index) => {
    await cases()[index]?.run();
  });
});

const notice: AlertNotice = {
  status: "resolved",
  name: "HighLatency",
  severity: "warning",
  labels: {},
  summary: "Calls of <!channel> take long",
  description: "A & B",
  runbookUrl: "https://runbooks.example/HighLatency.md",
  startedAtMs: 1_000,
  endedAtMs: 61_000,
};

async function startSlack() {
  const slack = await startSlackEndpoint();
  onTestFinished(() => slack.stop());
  const host = await createFakeHost({
    definition: slackIntegration,
    settings: { webhook_url: slack.webhook },
  });
  onTestFinished(() => host.cleanup());
  const running = await host.start();
  onTestFinished(() => running.stop(never));
  if (running.alerts === undefined) throw new Error("no alerts");
  return { slack, running, alerts: running.alerts };
}

test("what a model is called mentions nobody in Slack, and what is over is green", async () => {
  const { slack, alerts } = await startSlack();
  await alerts.deliver([notice], never);
  expect(slack.inbox.items).toMatchObject([
    {
      attachments: [
        {
          color: "good",
          title: "[RESOLVED] HighLatency",
          text: "*warning* Calls of &lt;!channel&gt; take long\nA &amp; B",
        },
      ],
    },
  ]);
});

test("of very many alerts Slack is shown some, and told how many are left out", async () => {
  const { slack, alerts } = await startSlack();
  await alerts.deliver(
    Array.from({ length: 30 }, () => notice),
    never,
  );
  expect(slack.inbox.items[0]).toMatchObject({ text: "30 alerts, 10 not shown" });
  expect(slack.inbox.items[0]?.attachments).toHaveLength(20);
});

test("a webhook that is gone is told with what to do, and is seen in the integration's health", async () => {
  const { slack, running, alerts } = await startSlack();
  slack.answerWith(404);
  await expect(alerts.deliver([notice], never)).rejects.toMatchObject({
    code: "upstream_auth",
    message: expect.stringContaining("Make a new one"),
  });
  expect(await running.health(never)).toMatchObject({ status: "degraded" });
  slack.answerWith(200);
  await alerts.deliver([notice], never);
  expect(await running.health(never)).toEqual({ status: "ok" });
});
