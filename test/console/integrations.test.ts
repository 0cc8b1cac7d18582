import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ask, member } from "../e2e/http.ts";
import { browserTest, chromiumPath, launchBrowser } from "./browser.ts";
import { type ConsoleServer, startConsoleServer } from "./console-server.ts";
import { findBarriers, takePictures } from "./looks.ts";

const secret = "sk-a-secret-of-the-upstream";

describe.skipIf(chromiumPath === undefined)("the page of integrations", browserTest, () => {
  let browser: Browser;
  let server: ConsoleServer;
  const get = async (path: string) =>
    (await ask(server.platform, path, { headers: { authorization: `Bearer ${server.key}` } })).json;

  beforeAll(async () => {
    browser = await launchBrowser();
    server = await startConsoleServer();
  });
  afterAll(async () => {
    await server?.stop();
    await browser?.close();
  });

  test("shows each with its state, and what is wrong with it while it is", async () => {
    const { page, complaints } = await server.openAs(browser, "admin", { path: "/integrations" });
    await page.getByRole("link", { name: "fake", exact: true }).waitFor();
    expect(await findBarriers(page)).toEqual([]);
    expect(await takePictures(page, "integrations")).toEqual([]);
    await page.getByLabel("Find").fill("anthropic");
    await page.getByRole("link", { name: "anthropic-api", exact: true }).waitFor();
    expect(await page.getByRole("link", { name: "fake", exact: true }).count()).toBe(0);
    await page.getByLabel("State").selectOption("troubled");
    await page.getByRole("heading", { name: "Nothing fits" }).waitFor();
    expect(complaints).toEqual([]);
  });

  test("settings are tested before they are saved, and a secret stays without being shown", async () => {
    const { page, complaints } = await server.openAs(browser, "admin", { path: "/integrations/fake" });
    const address = page.getByLabel("base_url");
    await address.waitFor();
    expect(await findBarriers(page)).toEqual([]);
    expect(await takePictures(page, "integration")).toEqual([]);
    const events = page.getByRole("group", { name: "What happened" });
    await events.getByText("starting → running").waitFor();
    await page.setViewportSize({ width: 1280, height: 900 });
    expect(await events.evaluate(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)).toBe(0);

    await page.getByText("More settings").click();
    await page.getByLabel("api_key", { exact: true }).fill(secret);
    await page.getByRole("button", { name: "Test" }).click();
    await page.getByText("It works with these settings.").waitFor();
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("The settings of fake are in force.").waitFor();
    expect(JSON.stringify(await get("/integrations/fake/config"))).not.toContain(secret);
    expect(member(member(await get("/integrations/fake/config"), "settings"), "api_key")).toBe("[secret]");

    await page.reload();
    await address.waitFor();
    expect(await page.content()).not.toContain(secret);
    await page.getByRole("button", { name: "Test" }).click();
    await page.getByText("It works with these settings.").waitFor();
    expect(complaints).toEqual([]);

    await address.fill("http://127.0.0.1:9/v1");
    await page.getByRole("button", { name: "Test" }).click();
    await page.getByText("write api_key anew", { exact: false }).waitFor();
    await page.getByLabel("api_key", { exact: true }).fill("another");
    await page.getByRole("button", { name: "Test" }).click();
    await page.getByText("It does not work with these settings", { exact: false }).waitFor();
    expect(member(await get("/integrations/fake/status"), "state")).toBe("running");
  });

  test("one is turned off and on, and the page follows", async () => {
    const { page, complaints } = await server.openAs(browser, "operator", { path: "/integrations/fake" });
    await page.getByRole("button", { name: "Disable" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Disable" }).click();
    await page.getByText("disabled", { exact: true }).first().waitFor();
    await page.getByRole("button", { name: "Enable" }).click();
    await page.getByText("running", { exact: true }).first().waitFor();
    await page.getByText("integration.state_changed").first().waitFor();
    expect(complaints).toEqual([]);
  });

  test("another change of the same is seen without a reload", async () => {
    const { page } = await server.openAs(browser, "viewer", { path: "/integrations/fake" });
    await page.getByText("Live", { exact: true }).waitFor();
    const headers = { authorization: `Bearer ${server.key}` };
    const put = (body: object) =>
      ask(server.platform, "/integrations/fake/config", { method: "PUT", headers, body });
    await put({ enabled: false });
    await page.getByText("disabled", { exact: true }).first().waitFor();
    await put({ enabled: true });
    await page.getByText("running", { exact: true }).first().waitFor();
    expect(await page.getByRole("button", { name: "Restart" }).count()).toBe(0);
    expect(await page.getByRole("button", { name: "Save" }).count()).toBe(0);
  });

  test("one is added: what it is, its settings, a test, and there it is; then it is removed", async () => {
    const { page, complaints } = await server.openAs(browser, "admin", { path: "/integrations" });
    await page.getByRole("button", { name: "Add", exact: true }).press("Enter");
    const dialog = page.getByRole("dialog", { name: "Add an integration" });
    // Other servers may run where the test does.
    const found = dialog.getByRole("region", { name: "Servers on this machine" });
    await expect.poll(() => found.innerText(), { timeout: 20_000 }).toMatch(/Nothing else answers|http:/);
    expect(await dialog.getByRole("button", { name: "Choose rest-api" }).count()).toBe(0);
    expect(await findBarriers(page)).toEqual([]);
    expect(await takePictures(page, "integration-kinds")).toEqual([]);
    await dialog.getByRole("button", { name: "Choose openai-compatible" }).press("Enter");
    await dialog.getByLabel("Name").fill("fake");
    await dialog.getByLabel("base_url").fill("http://127.0.0.1:9/v1");
    await dialog.getByLabel("base_url").press("Enter");
    await dialog.getByText("There is an integration fake already", { exact: false }).first().waitFor();
    await dialog.getByLabel("Name").fill("a-second");
    await dialog.getByRole("button", { name: "Test" }).press("Enter");
    await dialog.getByText("It does not work with these settings", { exact: false }).waitFor();
    await dialog.getByRole("button", { name: "Add it all the same" }).waitFor();
    await dialog.getByLabel("base_url").fill(`${server.upstream.origin}/v1`);
    await dialog.getByLabel("base_url").press("Enter");
    await dialog.getByText("It offers 2 models", { exact: false }).waitFor();
    expect(await findBarriers(page)).toEqual([]);
    expect(await takePictures(page, "integration-new")).toEqual([]);
    await dialog.getByRole("button", { name: "Add", exact: true }).press("Enter");
    await page.getByRole("heading", { name: "a-second", level: 1 }).waitFor();
    await page.getByText("running", { exact: true }).first().waitFor();
    expect(member(await get("/integrations/a-second/config"), "origin")).toBe("added");

    const headers = { authorization: `Bearer ${server.key}` };
    const body = { model: "nick", alias_of: "a-second/tiny-chat" };
    // Its models are known a moment after it runs.
    const makeAlias = async () => (await ask(server.platform, "/api/v1/routes", { body, headers })).status;
    await expect.poll(makeAlias, { timeout: 20_000 }).toBe(200);
    await page.getByRole("button", { name: "Remove" }).press("Enter");
    const question = page.getByRole("dialog", { name: "Remove a-second?" });
    await question.getByText("2 models", { exact: false }).waitFor();
    await question.getByText("These routes and aliases lead to its models: nick.").waitFor();
    await question.getByRole("checkbox", { name: "Remove what it has stored, too" }).check();
    expect(await findBarriers(page)).toEqual([]);
    expect(await takePictures(page, "integration-remove")).toEqual([]);
    // However long the new list takes, the one that is shown has it no more.
    await page.route("**/integrations/", () => undefined);
    await question.getByRole("button", { name: "Remove" }).press("Enter");
    await page.getByText("a-second is removed.").waitFor();
    await page.getByRole("link", { name: "fake", exact: true }).waitFor();
    expect(await page.getByRole("link", { name: "a-second", exact: true }).count()).toBe(0);
    // A name that is taken is refused, and what was just removed may be asked for once more: the browser notes both.
    expect(complaints.filter((each) => !/status of (409|404)/.test(each))).toEqual([]);
  });

  test("nobody removes what the file has, and a viewer adds nothing", async () => {
    const { page } = await server.openAs(browser, "operator", { path: "/integrations/fake" });
    await page.getByText("It comes with the platform or its configuration file", { exact: false }).waitFor();
    expect(await page.getByRole("button", { name: "Remove" }).count()).toBe(0);
    const viewer = await server.openAs(browser, "viewer", { path: "/integrations" });
    await viewer.page.getByRole("link", { name: "fake", exact: true }).waitFor();
    expect(await viewer.page.getByRole("button", { name: "Add", exact: true }).count()).toBe(0);
  });

  test("one that is not there says so", async () => {
    const { page } = await server.openAs(browser, "viewer", { path: "/integrations/none" });
    await page.getByRole("heading", { name: "There is no such integration" }).waitFor();
  });
});
