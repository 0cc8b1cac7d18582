import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ask, at } from "../e2e/http.ts";
import { openAiIntegration } from "../e2e/start-platform.ts";
import { createFakeUpstream, type FakeUpstream } from "../fakes/fake-upstream.ts";
import { browserTest, chromiumPath, launchBrowser } from "./browser.ts";
import { type ConsoleServer, startConsoleServer } from "./console-server.ts";
import { findBarriers, takePictures } from "./looks.ts";

const hostile = "<img src=x onerror=alert(1)>";
const patience = { timeout: 60_000 };

describe.skipIf(chromiumPath === undefined)("names that are made on the page of routing", browserTest, () => {
  let browser: Browser;
  let upstream: FakeUpstream;
  let server: ConsoleServer;
  const api = (path: string, asking: { readonly method?: string; readonly body?: unknown } = {}) =>
    ask(server.platform, path, { ...asking, headers: { authorization: `Bearer ${server.key}` } });
  const routeOf = async (model: string) =>
    at((await api(`/api/v1/routes/show?model=${encodeURIComponent(model)}`)).json, "route");

  beforeAll(async () => {
    browser = await launchBrowser();
    upstream = await createFakeUpstream({ dialect: "openai", models: ["small", "large", "spare"] });
    server = await startConsoleServer({
      integrations: [openAiIntegration("office", upstream.origin)],
      routing: { aliases: { written: "office/small" }, routes: [] },
    });
  });
  afterAll(async () => {
    await server?.stop();
    await upstream?.stop();
    await browser?.close();
  });

  test("a route is made by keyboard: shares follow the weights, fallbacks move, and it is as the API has it", async () => {
    const { page, complaints } = await server.openAs(browser, "operator", { path: "/routing" });
    await page.getByRole("button", { name: "New name" }).press("Enter");
    const form = page.getByRole("dialog", { name: "New name" });
    await form.getByRole("textbox", { name: "Name" }).fill("assistant");
    await form.getByRole("combobox", { name: "Target 1" }).fill("office/small");
    await form.getByText("Share 100%").waitFor();
    await form.getByRole("button", { name: "Add a target" }).press("Enter");
    await form.getByRole("combobox", { name: "Target 2" }).fill("office/nowhere");
    await form.getByRole("spinbutton", { name: "Weight 1" }).fill("3");
    await form.getByText("Share 75%").waitFor();
    await form.getByText("Share 25%").waitFor();
    // The slider goes by arrows.
    const slider = form.getByRole("slider", { name: "Weight of target 2" });
    await slider.press("End");
    await expect.poll(() => form.getByRole("spinbutton", { name: "Weight 2" }).inputValue()).toBe("10");
    await slider.press("Home");
    await form.getByText("Share 0%").waitFor();
    await form.getByRole("spinbutton", { name: "Weight 2" }).fill("1");
    for (const [index, name] of ["written", "office/spare"].entries()) {
      await form.getByRole("button", { name: "Add a fallback" }).press("Enter");
      await form.getByRole("combobox", { name: `Fallback ${index + 1}` }).fill(name);
    }
    const up = form.getByRole("button", { name: "Move office/spare up" });
    await up.press("Enter");
    await expect
      .poll(() => form.getByRole("combobox", { name: "Fallback 1" }).inputValue())
      .toBe("office/spare");
    // At the end of its way the keys are at the other button.
    await page.locator('[aria-label="Move office/spare down"]:focus').waitFor();

    await form.getByRole("button", { name: "Try it out" }).press("Enter");
    await form.getByText("nobody offers `office/nowhere`", { exact: false }).first().waitFor();
    await form.getByRole("button", { name: "Save" }).press("Enter");
    await form.getByText("nobody offers `office/nowhere`", { exact: false }).first().waitFor();
    await form.getByRole("combobox", { name: "Target 2" }).fill("office/large");
    await expect.poll(() => form.getByText("nobody offers", { exact: false }).count()).toBe(0);
    // A refusal that comes after the correction is not about what is there by then.
    await form.getByRole("combobox", { name: "Target 2" }).fill("office/nowhere");
    const idle = form.locator('button:enabled:has-text("Save")');
    await idle.waitFor();
    const answered = Promise.withResolvers<void>();
    await page.route("**/api/v1/routes", async (asked) => {
      await answered.promise;
      await asked.continue();
    });
    await form.getByRole("button", { name: "Save" }).press("Enter");
    await form.getByRole("combobox", { name: "Target 2" }).fill("office/large");
    const refused = page.waitForResponse((response) => response.status() === 400);
    answered.resolve();
    await refused;
    await page.unroute("**/api/v1/routes");
    await idle.waitFor();
    expect(await form.getByText("nobody offers", { exact: false }).count()).toBe(0);
    await form.getByRole("button", { name: "Try it out" }).press("Enter");
    await form.getByText("75% of calls go there first now").waitFor();
    expect(await findBarriers(page)).toEqual([]);
    expect(await takePictures(page, "routing-form")).toEqual([]);
    await form.getByRole("button", { name: "Save" }).press("Enter");
    await form.waitFor({ state: "detached" });
    const card = page.getByRole("region", { name: "assistant" });
    await card.getByText("75% of calls go there first now").waitFor();
    expect(await routeOf("assistant")).toMatchObject({
      origin: "operator",
      targets: [
        { model: "office/small", weight: 3 },
        { model: "office/large", weight: 1 },
      ],
      fallbacks: ["office/spare", "written"],
    });
    expect(await takePictures(page, "routing-made")).toEqual([]);
    expect(complaints.filter((each) => !each.includes("400"))).toEqual([]);
  });

  test("an alias is made, renamed and deleted; a name of any look stays text", async () => {
    const { page, complaints } = await server.openAs(browser, "admin", { path: "/routing" });
    await page.getByRole("button", { name: "New name" }).click();
    const form = page.getByRole("dialog", { name: "New name" });
    await form.getByRole("textbox", { name: "Name" }).fill("quick");
    await form.getByRole("combobox", { name: "It is" }).selectOption("alias");
    await form.getByRole("combobox", { name: "Stands for" }).fill("office/large");
    await form.getByRole("button", { name: "Save" }).click();
    await page.getByRole("region", { name: "quick" }).getByText("Alias of office/large").waitFor();
    await page.getByRole("button", { name: "Change quick" }).click();
    const change = page.getByRole("dialog", { name: "Change quick" });
    await change.getByRole("textbox", { name: "Name" }).fill(hostile);
    await change.getByRole("button", { name: "Save" }).click();
    const renamed = page.getByRole("region", { name: hostile });
    await renamed.getByText("Alias of office/large").waitFor();
    expect(await page.locator("img").count()).toBe(0);
    await renamed.getByRole("button", { name: `Delete ${hostile}` }).click();
    const confirm = page.getByRole("dialog", { name: `Delete ${hostile}` });
    await confirm.getByRole("button", { name: "Delete", exact: true }).click();
    await renamed.waitFor({ state: "detached" });
    expect((await api("/api/v1/routes/show?model=quick")).status).toBe(404);
    expect(complaints).toEqual([]);
  });

  test("what somebody else has changed is not written over, and one can start from theirs", async () => {
    await api("/api/v1/routes", { body: { model: "shared", alias_of: "office/small" } });
    const { page } = await server.openAs(browser, "operator", { path: "/routing" });
    await page.getByRole("button", { name: "Change shared" }).click();
    const form = page.getByRole("dialog", { name: "Change shared" });
    await form.getByRole("combobox", { name: "Stands for" }).fill("office/spare");
    const theirs = { model: "shared", alias_of: "office/large" };
    expect((await api("/api/v1/routes", { method: "PUT", body: theirs })).status).toBe(200);
    await form.getByRole("button", { name: "Save" }).click();
    await form.getByText("was changed meanwhile", { exact: false }).waitFor();
    await form.getByRole("button", { name: "Start from what it is now" }).click(patience);
    await expect
      .poll(() => form.getByRole("combobox", { name: "Stands for" }).inputValue())
      .toBe("office/large");
    expect(await routeOf("shared")).toMatchObject({ alias_of: "office/large" });
    await form.getByRole("combobox", { name: "Stands for" }).fill("office/spare");
    await form.getByRole("button", { name: "Save" }).click();
    await page.getByRole("region", { name: "shared" }).getByText("Alias of office/spare").waitFor();
  });

  test("a name that somebody else has deleted meanwhile is not made anew", async () => {
    await api("/api/v1/routes", { body: { model: "fleeting", alias_of: "office/small" } });
    const { page } = await server.openAs(browser, "operator", { path: "/routing" });
    await page.getByRole("button", { name: "Change fleeting" }).click();
    const form = page.getByRole("dialog", { name: "Change fleeting" });
    await form.getByRole("combobox", { name: "Stands for" }).fill("office/spare");
    expect((await api("/api/v1/routes?model=fleeting", { method: "DELETE" })).status).toBe(200);
    await page.locator('[aria-label="Change fleeting"]').waitFor({ state: "detached" });
    await form.getByRole("button", { name: "Save" }).click();
    await form.getByRole("alert").waitFor();
    expect((await api("/api/v1/routes/show?model=fleeting")).status).toBe(404);
  });

  test("a slider goes down from the largest weight as far as it is moved", async () => {
    const { page } = await server.openAs(browser, "operator", { path: "/routing" });
    await page.getByRole("button", { name: "New name" }).click();
    const form = page.getByRole("dialog", { name: "New name" });
    const weight = form.getByRole("spinbutton", { name: "Weight 1" });
    const slider = form.getByRole("slider", { name: "Weight of target 1" });
    await weight.fill("100");
    for (const expected of ["99", "98"]) {
      await slider.press("ArrowLeft");
      await expect.poll(() => weight.inputValue()).toBe(expected);
    }
  });

  test.each(["developer", "viewer"] as const)("a %s sees names and no way to change them", async (role) => {
    const { page } = await server.openAs(browser, role, { path: "/routing" });
    await page.getByRole("region", { name: "shared" }).waitFor();
    expect(await page.getByRole("button", { name: /^(New name|Change|Delete)/ }).count()).toBe(0);
  });

  test("a name of the configuration says which setting makes it, and is not changed here", async () => {
    const { page } = await server.openAs(browser, "admin", { path: "/routing" });
    const card = page.getByRole("region", { name: "written" });
    await card.getByText("routing.aliases").waitFor();
    await page.getByRole("button", { name: "Change shared" }).waitFor();
    expect(await page.getByRole("button", { name: /(Change|Delete) written/ }).count()).toBe(0);
  });
});
