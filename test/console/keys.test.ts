import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ask, member } from "../e2e/http.ts";
import { browserTest, chromiumPath, launchBrowser } from "./browser.ts";
import { type ConsoleServer, startConsoleServer } from "./console-server.ts";
import { findBarriers, takePictures } from "./looks.ts";

describe.skipIf(chromiumPath === undefined)("the page of keys", browserTest, () => {
  let browser: Browser;
  let server: ConsoleServer;
  const asAdmin = () => ({ authorization: `Bearer ${server.key}` });
  const call = (key: string) =>
    ask(server.platform, "/v1/chat/completions", {
      headers: { authorization: `Bearer ${key}` },
      body: { model: "fake/tiny-chat", messages: [{ role: "user", content: "one two three" }] },
    });
  const makeKey = async (body: Readonly<Record<string, unknown>>) =>
    (await ask(server.platform, "/api/v1/keys", { headers: asAdmin(), body })).json;

  beforeAll(async () => {
    browser = await launchBrowser();
    server = await startConsoleServer();
  });
  afterAll(async () => {
    await server?.stop();
    await browser?.close();
  });

  test("without a key it says what keys are for", async () => {
    const { page, complaints } = await server.openAs(browser, "admin");
    const none = { contentType: "application/json", body: '{"keys":[],"next_cursor":null}' };
    await page.route("**/api/v1/keys*", (route) => route.fulfill(none));
    await page.getByRole("link", { name: "Keys", exact: true }).click();
    await page.getByRole("heading", { name: "There is no key yet" }).waitFor();
    expect(await findBarriers(page)).toEqual([]);
    expect(complaints).toEqual([]);
  });

  test("a key is made, used, changed and revoked, and its text is shown once", async () => {
    const { page, context, complaints } = await server.openAs(browser, "admin", { path: "/keys" });
    await context.grantPermissions(["clipboard-read", "clipboard-write"]);
    await page.getByRole("button", { name: "New key" }).click();
    const dialog = page.getByRole("dialog", { name: "New key" });
    await dialog.getByLabel("Name").fill("batch job");
    await dialog.getByLabel("May do").selectOption("developer");
    await dialog.getByLabel("Calls a minute").fill("60");
    expect(await findBarriers(page)).toEqual([]);
    expect(await takePictures(page, "key-new")).toEqual([]);
    await dialog.getByLabel("Calls a minute").press("Enter");

    const text = page.getByRole("group", { name: "Text of the key" });
    const key = (await text.textContent()) ?? "";
    expect(key).toMatch(/^llmp_/);
    expect(await findBarriers(page)).toEqual([]);
    expect(await takePictures(page, "key-secret")).toEqual([]);
    await page.getByRole("button", { name: "Copy the key" }).click();
    await page.getByText("Copied").waitFor();
    expect(await page.evaluate("navigator.clipboard.readText()")).toBe(key);
    await page.keyboard.press("Escape");
    await text.waitFor();
    await page.getByRole("button", { name: "I have it" }).click();
    await text.waitFor({ state: "detached" });
    expect(await page.content()).not.toContain(key);
    expect(await storedIn(page)).not.toContain(key);

    const row = page.getByRole("row", { name: "batch job" });
    await row.getByText("60 calls/min").waitFor();
    expect(await row.textContent()).toContain("admin");
    expect((await call(key)).status).toBe(200);
    await expect.poll(async () => usedAt(key), { timeout: 40_000, interval: 500 }).not.toBeNull();
    await page.reload();
    await row.getByText(/now|ago/).waitFor();
    expect(await page.content()).not.toContain(key);

    await page.getByRole("button", { name: "batch job" }).click();
    const drawer = page.getByRole("dialog", { name: "batch job" });
    expect(await findBarriers(page)).toEqual([]);
    expect(await takePictures(page, "key")).toEqual([]);
    await drawer.getByLabel("Calls a minute").fill("90");
    await drawer.getByRole("button", { name: "Save" }).click();
    await row.getByText("90 calls/min").waitFor();

    await page.getByRole("button", { name: "batch job" }).click();
    await drawer.getByRole("button", { name: "Revoke" }).click();
    await page
      .getByRole("dialog", { name: "Revoke batch job?" })
      .getByRole("button", { name: "Revoke" })
      .click();
    await row.waitFor({ state: "detached" });
    expect((await call(key)).status).toBe(401);
    await page.getByLabel("Show", { exact: true }).selectOption("all");
    await row.getByText("revoked").waitFor();
    expect(complaints).toEqual([]);
  });

  test("a key gets a new text, and the old one ends with its grace", async () => {
    const old = String(member(await makeKey({ name: "rotating", role: "developer" }), "key"));
    const { page } = await server.openAs(browser, "admin", { path: "/keys" });
    await page.getByRole("button", { name: "rotating" }).click();
    await page.getByRole("button", { name: "Rotate" }).click();
    const dialog = page.getByRole("dialog", { name: "Give rotating a new text?" });
    await dialog.getByLabel("Old text works for").selectOption("0");
    await dialog.getByRole("button", { name: "Rotate" }).click();
    const key = (await page.getByRole("group", { name: "Text of the key" }).textContent()) ?? "";
    expect((await call(key)).status).toBe(200);
    expect((await call(old)).status).toBe(401);
  });

  test("what the server refuses stands at its field, and nothing typed is lost", async () => {
    const { page } = await server.openAs(browser, "admin", { path: "/keys" });
    await page.getByRole("button", { name: "New key" }).click();
    const dialog = page.getByRole("dialog", { name: "New key" });
    await dialog.getByLabel("Name").fill("<img src=x onerror=alert(1)>");
    await dialog.getByLabel("May do").selectOption({ label: "Chosen one by one" });
    await dialog.getByLabel("inference.call").check();
    await dialog.getByRole("button", { name: "Make the key" }).click();
    await dialog
      .getByText(/must be letters/)
      .first()
      .waitFor();
    expect(await dialog.getByLabel("inference.call").isChecked()).toBe(true);
    expect(await findBarriers(page)).toEqual([]);
    expect(await page.locator("dialog img").count()).toBe(0);
  });

  test("who only looks changes nothing, and who may not look does not see it", async () => {
    await makeKey({ name: "seen by operators", role: "viewer", expires_at: "2099-01-01T00:00:00Z" });
    const { page, complaints } = await server.openAs(browser, "operator", { path: "/keys" });
    await page.getByRole("button", { name: "seen by operators" }).waitFor();
    expect(await takePictures(page, "keys")).toEqual([]);
    expect(await page.getByRole("button", { name: "New key" }).count()).toBe(0);
    await page.getByLabel("Find").fill("seen");
    await page.keyboard.press("Tab");
    await page.getByRole("button", { name: "seen by operators" }).press("Enter");
    const drawer = page.getByRole("dialog", { name: "seen by operators" });
    await drawer.waitFor();
    expect(await drawer.getByRole("button").count()).toBe(1);
    await page.keyboard.press("Escape");
    await drawer.waitFor({ state: "detached" });
    expect(complaints).toEqual([]);
    for (const role of ["developer", "viewer"] as const) {
      const other = await server.openAs(browser, role, { path: "/keys" });
      await other.page.getByRole("heading", { name: "This page is not for your role" }).waitFor();
      expect(await other.page.getByRole("link", { name: "Keys", exact: true }).count()).toBe(0);
    }
  });

  test("a server that refuses is quoted, and can be asked again", async () => {
    const { page } = await server.openAs(browser, "admin");
    const refused = { status: 403, contentType: "application/problem+json", body: '{"detail":"<b>No</b>"}' };
    await page.route("**/api/v1/keys*", (route) => route.fulfill(refused));
    await page.getByRole("link", { name: "Keys", exact: true }).click();
    await page.getByText("<b>No</b>").waitFor();
    await page.unroute("**/api/v1/keys*");
    await page.getByRole("button", { name: "Try again" }).click();
    await page.getByRole("button", { name: "seen by operators" }).waitFor();
  });

  async function usedAt(key: string): Promise<unknown> {
    const { json } = await ask(server.platform, "/api/v1/keys", { headers: asAdmin() });
    const keys = member(json, "keys");
    const own = Array.isArray(keys)
      ? keys.find((each) => key.startsWith(String(member(each, "prefix"))))
      : null;
    return member(own, "last_used_at");
  }
});

/** Everything that a script of the page could read later. */
function storedIn(page: Page): Promise<string> {
  return page.evaluate("JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie])");
}
