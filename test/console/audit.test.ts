import { readFile } from "node:fs/promises";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ask, at } from "../e2e/http.ts";
import { browserTest, chromiumPath, launchBrowser } from "./browser.ts";
import { type ConsoleServer, startConsoleServer } from "./console-server.ts";
import { findBarriers, takePictures } from "./looks.ts";

const hostile = "<img src=x onerror=alert(1)>";

describe.skipIf(chromiumPath === undefined)("the page of the audit log", browserTest, () => {
  let browser: Browser;
  let server: ConsoleServer;
  const api = (path: string, asking: { readonly method?: string; readonly body?: unknown } = {}) =>
    ask(server.platform, path, { ...asking, headers: { authorization: `Bearer ${server.key}` } });

  beforeAll(async () => {
    browser = await launchBrowser();
    server = await startConsoleServer();
    const team = await api("/api/v1/teams", { body: { name: "Blue team" } });
    expect(team.status, team.text).toBe(200);
    const path = `/api/v1/teams/${String(at(team.json, "id"))}`;
    const renamed = await api(path, { method: "PATCH", body: { name: "Green team" } });
    expect(renamed.status, renamed.text).toBe(200);
    const user = await api("/api/v1/users", { body: { name: "Ada of set", role: "viewer" } });
    expect(user.status, user.text).toBe(200);
    const password = await api(`/api/v1/users/${String(at(user.json, "id"))}/password`, {
      method: "PUT",
      body: { password: "a password that is long" },
    });
    expect(password.status, password.text).toBe(200);
    await api("/integrations/fake/config", { method: "PUT", body: { settings: { base_url: hostile } } });
  });
  afterAll(async () => {
    await server?.stop();
    await browser?.close();
  });

  test("shows a change before and after, by keyboard, and finds it by filters", async () => {
    const { page, complaints } = await server.openAs(browser, "admin", { path: "/audit" });
    await page.getByRole("button", { name: "teams.update" }).first().waitFor();
    expect(await findBarriers(page)).toEqual([]);
    expect(await takePictures(page, "audit")).toEqual([]);
    await page.getByLabel("Operation").fill("teams.update");
    await page.getByRole("button", { name: "teams.create" }).first().waitFor({ state: "detached" });
    await page
      .getByRole("row", { name: /done/ })
      .getByRole("button", { name: "teams.update" })
      .press("Enter");
    const change = page.getByRole("dialog").getByRole("row", { name: /^name/ });
    expect(await change.getByRole("cell").allTextContents()).toEqual(["Blue team", "Green team"]);
    expect(await findBarriers(page)).toEqual([]);
    await takePictures(page, "audit-record");
    await page.keyboard.press("Escape");
    await page.getByLabel("Who acted").fill("nobody of that name");
    await page.getByRole("heading", { name: "No such record" }).waitFor();
    expect(complaints).toEqual([]);
  });

  test("names whose password was set, and keeps the id for who wants it", async () => {
    const { page, complaints } = await server.openAs(browser, "admin", { path: "/audit" });
    const row = page.getByRole("row", { name: /users\.set_password/ }).filter({ hasText: "done" });
    const name = row.getByText("Ada of set", { exact: true });
    await name.waitFor();
    expect(await name.getAttribute("title")).toMatch(/^user_/);
    const { json } = await api("/api/v1/audit?operation=users.set_password");
    expect(at(json, "records", "0", "target")).toMatchObject({ type: "user", name: "Ada of set" });
    await page.goto(`${server.platform.url}/console/`);
    await page
      .getByRole("listitem")
      .filter({ hasText: "users.set_password" })
      .getByText("Ada of set")
      .waitFor();
    expect(complaints).toEqual([]);
  });

  test("shows what somebody asked for as text, whatever stands in it", async () => {
    const { page, complaints } = await server.openAs(browser, "operator", { path: "/audit" });
    await page.getByLabel("Operation").fill("integrations.configure");
    await page.getByRole("button", { name: "teams.create" }).first().waitFor({ state: "detached" });
    await page.getByRole("button", { name: "integrations.configure" }).last().click();
    await page.getByRole("dialog").getByText(hostile, { exact: false }).first().waitFor();
    expect(await page.locator("img[src=x]").count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  test("has the chain verified, and gives all records away as lines", async () => {
    const { page, complaints } = await server.openAs(browser, "admin", { path: "/audit" });
    await page.getByRole("button", { name: "Verify the chain" }).press("Enter");
    await page.getByText("Verified:", { exact: false }).waitFor();
    expect(await findBarriers(page)).toEqual([]);
    await page.getByLabel("Operation").fill("teams.create");
    const saving = page.waitForEvent("download");
    await page.getByRole("button", { name: "Export as JSON lines" }).click();
    const text = await readFile(await (await saving).path(), "utf8");
    const { json } = await api("/api/v1/audit?operation=teams.create&limit=1000");
    expect(
      text
        .trim()
        .split("\n")
        .map((line): unknown => JSON.parse(line)),
    ).toEqual(at(json, "records"));
    expect(complaints).toEqual([]);
  });

  test("is no page for who may not read it", async () => {
    const { page } = await server.openAs(browser, "viewer", { path: "/audit" });
    await page.getByRole("heading", { name: "This page is not for your role" }).waitFor();
  });

  test("names what went wrong, and tries again", async () => {
    const { page } = await server.openAs(browser, "admin", { path: "/account" });
    await page.route("**/api/v1/audit?*", (route) => route.abort());
    await page.route("**/api/v1/audit", (route) => route.abort());
    await page.getByRole("link", { name: "Audit" }).click();
    const again = page.getByRole("button", { name: "Try again" }).first();
    await again.waitFor({ timeout: 60_000 });
    await page.unrouteAll();
    await again.click();
    await page.getByRole("button", { name: "teams.create" }).first().waitFor();
  });
});
