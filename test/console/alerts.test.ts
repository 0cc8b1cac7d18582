import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { alertmanagerConfig } from "../../packages/server/src/telemetry/alerting/alertmanager-config.ts";
import { ask, at } from "../e2e/http.ts";
import { openAiIntegration } from "../e2e/start-platform.ts";
import { createFakeUpstream, type FakeUpstream } from "../fakes/fake-upstream.ts";
import { startSlackEndpoint } from "../fakes/slack-endpoint.ts";
import { alertmanagerProgram, startAlertmanager } from "../services/alertmanager.ts";
import { browserTest, chromiumPath, launchBrowser } from "./browser.ts";
import { type ConsoleServer, startConsoleServer } from "./console-server.ts";
import { findBarriers, takePictures } from "./looks.ts";

const isMissing = chromiumPath === undefined || alertmanagerProgram === undefined;
const patient = { timeout: 60_000 };
const hostile = "<b>a load test</b>";

describe.skipIf(isMissing)("the page of alerts", browserTest, () => {
  let browser: Browser;
  let folder: string;
  let slack: Awaited<ReturnType<typeof startSlackEndpoint>>;
  let alertmanager: Awaited<ReturnType<typeof startAlertmanager>>;
  let flaky: FakeUpstream;
  let server: ConsoleServer;
  const get = async (path: string) =>
    (await ask(server.platform, path, { headers: { authorization: `Bearer ${server.key}` } })).json;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "llm-platform-console-alerts-"));
    browser = await launchBrowser();
    slack = await startSlackEndpoint();
    flaky = await createFakeUpstream({ dialect: "openai" });
    flaky.always({ kind: "status", status: 500 });
    alertmanager = await startAlertmanager(folder, alertmanagerConfig({}));
    server = await startConsoleServer({
      integrations: [
        openAiIntegration("gone", "http://127.0.0.1:1"),
        openAiIntegration("flaky", flaky.origin),
        { name: "slack", settings: { webhook_url: slack.webhook } },
        { name: "alertmanager", settings: { url: alertmanager.url } },
      ],
      alerts: { every_seconds: 1 },
      gateway: { max_retries: 0, breaker: { failures: 1, open_seconds: 3_600, max_open_seconds: 3_600 } },
    });
  });
  afterAll(async () => {
    await server?.stop();
    await alertmanager?.stop();
    await slack?.stop();
    await flaky?.stop();
    await browser?.close();
    await rm(folder, { recursive: true, force: true });
  });

  test("a channel is tested by keyboard; one that refuses is named, and what comes of it fires without a reload", async () => {
    const { page, complaints } = await server.openAs(browser, "operator", { path: "/alerts" });
    const channels = page.getByRole("region", { name: "Channels" });
    await channels.getByRole("button", { name: "Send a test to slack" }).press("Enter");
    await page.getByText("slack took the test alert.").waitFor();
    slack.answerWith(500);
    await channels.getByRole("button", { name: "Send a test to slack" }).press("Enter");
    await page
      .getByText("slack did not take the test alert: Slack answered status 500", { exact: false })
      .waitFor();
    await channels.getByText("failed last").waitFor();
    const now = page.getByRole("region", { name: "Firing and pending" });
    await now.getByRole("heading", { name: "AlertDeliveryFailing" }).waitFor(patient);
    await now.getByText("slack does not take alerts").waitFor();
    await now.getByText("integration=gone").waitFor(patient);
    // A breaker that is open fires after five minutes only.
    const failing = { model: "flaky/tiny-chat", messages: [{ role: "user", content: "one" }] };
    await ask(server.platform, "/v1/chat/completions", {
      body: failing,
      headers: { authorization: `Bearer ${server.key}` },
    });
    await now.getByRole("heading", { name: "CircuitOpen" }).waitFor(patient);
    await now.getByText("pending", { exact: true }).first().waitFor(patient);
    expect(await findBarriers(page)).toEqual([]);
    expect(await takePictures(page, "alerts")).toEqual([]);
    slack.answerWith(200);
    expect(complaints).toEqual([]);
  });

  test("an alert is silenced from where it stands, and the silence is ended", async () => {
    const { page, complaints } = await server.openAs(browser, "admin", { path: "/alerts" });
    await page.getByRole("button", { name: "Silence ProviderDown" }).first().press("Enter");
    const form = page.getByRole("dialog", { name: "New silence" });
    expect(await form.getByLabel("Alert", { exact: true }).inputValue()).toBe("ProviderDown");
    expect(await form.getByLabel("Labels").inputValue()).toContain("integration=");
    expect(await findBarriers(page)).toEqual([]);
    await form.getByLabel("Labels").fill("no label");
    await form.getByText("Write each line as name=value.").waitFor();
    await form.getByLabel("Labels").fill("integration=gone");
    await form.getByLabel("For how long").selectOption("240");
    await form.getByLabel("Why").fill(hostile);
    await form.getByLabel("Why").press("Enter");
    await form.waitFor({ state: "detached" });
    const silences = page.getByRole("region", { name: "Silences" });
    await silences.getByText('alertname="ProviderDown" integration="gone"').waitFor(patient);
    await silences.getByText(hostile).waitFor();
    expect(await page.locator("main b").count()).toBe(0);
    expect(at(await get("/api/v1/alerts/silences"), "silences", "0")).toMatchObject({
      receiver: "alertmanager",
      created_by: "admin",
      comment: hostile,
    });
    expect(await takePictures(page, "alerts-silenced")).toEqual([]);
    await silences.getByRole("button", { name: "End the silence of", exact: false }).press("Enter");
    await page.getByRole("dialog").getByRole("button", { name: "End it" }).press("Enter");
    await page.getByRole("heading", { name: "Nothing is silenced" }).waitFor(patient);
    await vi.waitFor(
      async () => expect(await get("/api/v1/alerts/silences")).toEqual({ silences: [] }),
      patient,
    );
    expect(complaints).toEqual([]);
  });

  test("every rule of the API is there, with its expression behind it", async () => {
    const { page, complaints } = await server.openAs(browser, "viewer", { path: "/alerts" });
    const rules = page.getByRole("region", { name: "Rules" });
    await rules.getByText("llm_provider_up is below 1, for each integration, for 2m").waitFor();
    const listed = at(await get("/api/v1/alerts/rules"), "rules");
    expect(Array.isArray(listed)).toBe(true);
    await rules.getByText(`${Array.isArray(listed) ? listed.length : 0} rows`).waitFor();
    await rules.getByLabel("Find").fill("disk");
    await rules.getByRole("button", { name: "DiskWillFill" }).press("Enter");
    const drawer = page.getByRole("dialog", { name: "DiskWillFill" });
    await drawer.getByText("predict_linear", { exact: false }).waitFor();
    await drawer.getByText("Prometheus alone").waitFor();
    expect(await drawer.getByRole("link", { name: "What to do (runbook)" }).getAttribute("href")).toMatch(
      /\/DiskWillFill\.md$/,
    );
    expect(await findBarriers(page)).toEqual([]);
    expect(await takePictures(page, "alert-rule")).toEqual([]);
    await page.keyboard.press("Escape");
    // Who only looks changes nothing.
    expect(await page.getByRole("button", { name: /Send a test|silence/i }).count()).toBe(0);
    expect(complaints).toEqual([]);
    const developer = await server.openAs(browser, "developer", { path: "/alerts" });
    await developer.page.getByRole("heading", { name: "This page is not for your role" }).waitFor();
  });

  test("names what went wrong, and tries again", async () => {
    const { page } = await server.openAs(browser, "viewer", { path: "/account" });
    await page.route("**/api/v1/alerts/rules", (route) =>
      route.fulfill({
        status: 503,
        json: { error: { message: "<b>The watch rests.</b>", code: "unavailable" } },
      }),
    );
    await page.getByRole("link", { name: "Alerts" }).click();
    await page.getByRole("button", { name: "Try again" }).first().waitFor();
    expect(await page.locator("main b").count()).toBe(0);
    await page.unroute("**/api/v1/alerts/rules");
    await page.getByRole("button", { name: "Try again" }).first().click();
    await page.getByRole("region", { name: "Rules" }).waitFor();
  });
});

test.skipIf(chromiumPath === undefined)(
  "where nobody takes alerts, the page of alerts says what to set up",
  async () => {
    const browser = await launchBrowser();
    const server = await startConsoleServer();
    const { page, complaints } = await server.openAs(browser, "admin", { path: "/alerts" });
    await page.getByRole("heading", { name: "Nobody is told" }).waitFor();
    await page.getByText("Silences are kept by Alertmanager, and none runs.", { exact: false }).waitFor();
    expect(await page.getByRole("button", { name: "New silence" }).count()).toBe(0);
    expect(await findBarriers(page)).toEqual([]);
    expect(complaints).toEqual([]);
    await server.stop();
    await browser.close();
  },
  120_000,
);
