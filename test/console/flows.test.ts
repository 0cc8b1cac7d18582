import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ask, chatBody } from "../e2e/http.ts";
import { hubIntegration } from "../e2e/pull-calls.ts";
import { openAiIntegration, type Platform, startPlatform } from "../e2e/start-platform.ts";
import { createFakeUpstream, type FakeUpstream } from "../fakes/fake-upstream.ts";
import { createFakeHub, type FakeHub } from "../fakes/hub/fake-hub.ts";
import { seededContents } from "../fakes/hub/hub-contents.ts";
import { browserTest, chromiumPath, type ConsolePage, launchBrowser, openPage } from "./browser.ts";
import { type ConsoleServer, type Role, startConsoleServer } from "./console-server.ts";
import { byKeyboard, type Keyboard } from "./keyboard.ts";

const mebibyte = 1024 * 1024;
const pulled = "acme/tiny-GGUF";
const patience = { timeout: 30_000, interval: 100 };

/** The work that people come for, each from its beginning to its end, with the keyboard alone. */
describe.skipIf(chromiumPath === undefined)("with the keyboard alone", browserTest, () => {
  let browser: Browser;
  let server: ConsoleServer;
  let office: FakeUpstream;
  let hub: FakeHub;

  beforeAll(async () => {
    browser = await launchBrowser();
    office = await createFakeUpstream({ dialect: "openai", models: ["office-chat"] });
    const files = { "tiny-Q4_K_M.gguf": seededContents(6 * mebibyte + 17, "small") };
    hub = await createFakeHub([{ id: pulled, files, library: "gguf", license: "mit", downloads: 7 }]);
    const fake = await createFakeUpstream({ dialect: "openai" });
    server = await startConsoleServer({
      integrations: [
        openAiIntegration("one", fake.origin),
        openAiIntegration("two", office.origin),
        hubIntegration(hub),
        { name: "local", settings: {} },
      ],
      pulls: { reserve_bytes: 0 },
      prices: [
        { model: "tiny-chat", input_per_million: 90_000, output_per_million: 90_000, currency: "USD" },
      ],
    });
    const { stop } = server;
    server = {
      ...server,
      async stop() {
        await stop();
        await fake.stop();
      },
    };
  }, browserTest.timeout);
  afterAll(async () => {
    await server?.stop();
    await Promise.all([office?.stop(), hub?.stop()]);
    await browser?.close();
  });

  async function openAs(role: Role): Promise<ConsolePage & { readonly keys: Keyboard }> {
    const opened = await server.openAs(browser, role, { path: "/account" });
    return { ...opened, keys: byKeyboard(opened.page) };
  }
  const call = (model: string, key = server.key) =>
    ask(server.platform, "/v1/chat/completions", {
      headers: { authorization: `Bearer ${key}` },
      body: chatBody(model),
    });

  test("an operator adds an integration, sees it break, repairs it and removes it", async () => {
    const lab = await createFakeUpstream({ dialect: "openai" });
    const { page, keys } = await openAs("operator");
    await keys.open("Integrations");
    await keys.press(page.getByRole("button", { name: "Add", exact: true }));
    await keys.press(page.getByRole("button", { name: "Choose openai-compatible" }));
    await keys.write(page.getByLabel("Name", { exact: true }), "lab");
    await keys.write(page.getByLabel("base_url"), `${lab.origin}/v1`);
    await page.keyboard.press("Enter");
    await page.getByText("It works with these settings.").waitFor();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "lab", level: 1 }).waitFor();
    const overview = page.getByRole("region", { name: "How it is" });
    await overview.getByText("running", { exact: true }).waitFor();
    expect((await call("lab/tiny-chat")).status).toBe(200);

    // So that what happens to it is noticed while somebody looks.
    await ask(server.platform, "/integrations/lab/config", {
      method: "PUT",
      headers: { authorization: `Bearer ${server.key}` },
      body: { health_check_interval: 1 },
    });
    lab.refuse();
    await overview
      .getByText(/^(degraded|retrying)$/)
      .first()
      .waitFor();
    await lab.listenOn();
    // Its repair has such a button as well.
    await keys.press(page.getByRole("button", { name: "Restart" }).first());
    await page.getByText("lab was restarted.").waitFor();
    await overview.getByText("running", { exact: true }).waitFor();
    await expect.poll(async () => (await call("lab/tiny-chat")).status, patience).toBe(200);

    await keys.press(page.getByRole("button", { name: "Remove" }));
    await keys.press(page.getByRole("dialog").getByRole("button", { name: "Remove" }));
    await page.getByText("lab is removed.").waitFor();
    expect((await call("lab/tiny-chat")).status).toBe(404);
    await lab.stop();
  });

  test("an operator pulls a model, which goes on by itself after a break", async () => {
    hub.fault({ kind: "cut", afterBytes: mebibyte });
    const { page, keys } = await openAs("operator");
    await keys.open("Models");
    await keys.press(page.getByRole("button", { name: "Add a model" }));
    const drawer = page.getByRole("dialog", { name: "Add a model from the Hub" });
    await keys.write(drawer.getByLabel("Words of its name"), "tiny");
    await page.keyboard.press("Enter");
    await keys.press(drawer.getByRole("button", { name: pulled }));
    await keys.goTo(drawer.getByLabel("Load it when it is here"));
    await page.keyboard.press("Space");
    await keys.press(drawer.getByRole("button", { name: /^Fetch / }));
    await drawer.waitFor({ state: "detached" });
    await page.getByText("Callable as local/tiny-Q4_K_M.").waitFor(patience);
    const fetched = hub.requests.filter(({ server: from, method }) => from === "files" && method === "GET");
    expect(fetched.some(({ from }) => from !== undefined && from > 0)).toBe(true);
  });

  test("a developer compares two models", async () => {
    const { page, keys, complaints } = await openAs("developer");
    await keys.open("Playground");
    await keys.choose(page.getByLabel("Model 1"), "one/tiny");
    await keys.choose(page.getByLabel("Model 2"), "two/office");
    await keys.write(page.getByLabel("Prompt", { exact: true }), "which of you is it");
    await page.keyboard.press("Enter");
    for (const model of ["one/tiny-chat", "two/office-chat"]) {
      const lane = page.getByRole("region", { name: model });
      await lane.getByText("echo: which of you is it").waitFor();
      await lane.getByText("done", { exact: true }).waitFor();
    }
    expect(complaints).toEqual([]);
  });

  test("an operator finds a call that failed, and sees why", async () => {
    office.always({ kind: "status", status: 500 });
    const { requestId } = await call("two/office-chat");
    await office.reset();
    const { page, keys } = await openAs("operator");
    await keys.open("Requests");
    await keys.choose(page.getByLabel("Status"), "failed");
    const link = page.locator(`a[href*="${requestId}"]`);
    await link.waitFor(patience);
    await keys.press(link);
    await page.getByRole("region", { name: "How it ended" }).waitFor();
    await page.getByText("The upstream answered with an error", { exact: false }).first().waitFor();
  });

  test("an admin makes a key, sees its calls arrive, and revokes it", async () => {
    const { page, keys, complaints } = await openAs("admin");
    await keys.open("Keys");
    await keys.press(page.getByRole("button", { name: "New key" }));
    const dialog = page.getByRole("dialog", { name: "New key" });
    await keys.write(dialog.getByLabel("Name"), "night job");
    await page.keyboard.press("Enter");
    const key = (await page.getByRole("group", { name: "Text of the key" }).textContent()) ?? "";
    await keys.press(page.getByRole("button", { name: "I have it" }));
    await keys.open("Requests");
    await page.getByText("Live", { exact: true }).waitFor();
    const { requestId, status } = await call("one/tiny-chat", key);
    expect(status).toBe(200);
    const row = page.getByRole("row", { name: "night job" });
    await row.locator(`a[href*="${requestId}"]`).waitFor(patience);
    await keys.open("Keys");
    await keys.press(page.getByRole("button", { name: "night job" }));
    await keys.press(page.getByRole("dialog", { name: "night job" }).getByRole("button", { name: "Revoke" }));
    const question = page.getByRole("dialog", { name: "Revoke night job?" });
    await keys.press(question.getByRole("button", { name: "Revoke" }));
    await page.getByRole("button", { name: "night job" }).waitFor({ state: "detached" });
    expect((await call("one/tiny-chat", key)).status).toBe(401);
    expect(complaints).toEqual([]);
  });

  test("an admin sets a budget, and is warned when it is nearly spent", async () => {
    const { page, keys, complaints } = await openAs("admin");
    await keys.open("Usage and cost");
    await keys.press(page.getByRole("button", { name: "New budget" }));
    const dialog = page.getByRole("dialog");
    await keys.write(dialog.getByLabel("Name"), "Pilot");
    await keys.write(dialog.getByLabel("Amount in USD"), "0.5");
    await keys.choose(dialog.getByLabel("When it is spent"), "only");
    await keys.press(dialog.getByRole("button", { name: "Save" }));
    const budget = page.getByRole("listitem").filter({ has: page.getByRole("heading", { name: "Pilot" }) });
    await budget.waitFor();
    // What was called before the budget was made counts as well, as it is of the same month.
    await call("one/tiny-chat");
    await page.reload();
    await expect.poll(() => budget.getAttribute("data-tone"), patience).toMatch(/^(warn|bad)$/);
    await budget.getByText("of $0.50 spent", { exact: false }).waitFor();
    expect(complaints).toEqual([]);
  });

  test.each([
    { role: "viewer", pages: ["Playground", "Keys"], buttons: ["Add", "Add a model", "New budget"] },
    { role: "developer", pages: ["Integrations", "Keys", "Audit"], buttons: ["Add a model"] },
  ] as const)("a $role is shown nothing of what is not theirs", async ({ role, pages, buttons }) => {
    const { page, keys } = await openAs(role);
    const links = page.getByRole("navigation").getByRole("link");
    await links.first().waitFor();
    for (const name of pages) expect(await links.filter({ hasText: name }).count(), name).toBe(0);
    for (const title of ["Integrations", "Models", "Usage and cost"]) {
      if ((await links.filter({ hasText: title }).count()) === 0) continue;
      await keys.open(title);
      for (const name of buttons)
        expect(await page.getByRole("button", { name, exact: true }).count(), name).toBe(0);
    }
  });
});

describe.skipIf(chromiumPath === undefined)("with the keyboard alone, on a new server", browserTest, () => {
  let browser: Browser;
  let platform: Platform;

  beforeAll(async () => {
    browser = await launchBrowser();
    platform = await startPlatform({
      config: { environment: "production", integrations: [{ name: "local", settings: {} }] },
    });
  }, browserTest.timeout);
  afterAll(async () => {
    await platform?.stop();
    await browser?.close();
  });

  test("an empty data folder becomes a streamed answer", async () => {
    const { page, complaints } = await openPage(browser, `${platform.url}/`);
    const keys = byKeyboard(page);
    const line = await platform.logLine(/--token llmps_/);
    await keys.write(page.getByLabel("Set-up token"), /llmps_[\w-]+/.exec(line)?.[0] ?? "");
    await keys.write(page.getByLabel("Name"), "ada");
    await keys.write(page.getByLabel("Password"), "a password that is long");
    await page.keyboard.press("Enter");
    await page.getByRole("navigation").waitFor({ state: "attached" });
    await keys.open("First steps");
    await keys.press(page.getByRole("button", { name: "Try local/demo-chat" }));
    const answer = page.locator("blockquote");
    // The model is brought into memory first.
    await answer.getByText("OLLAMA_BASE_URL", { exact: false }).waitFor({ timeout: 90_000 });
    await expect.poll(() => answer.getAttribute("aria-busy"), patience).toBe("false");
    expect(complaints).toEqual([]);
  });
});
