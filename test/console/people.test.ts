import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ask, member } from "../e2e/http.ts";
import { browserTest, chromiumPath, launchBrowser } from "./browser.ts";
import { type ConsoleServer, startConsoleServer } from "./console-server.ts";
import { findBarriers, takePictures } from "./looks.ts";

const hostile = "<img src=x onerror=alert(1)>";

describe.skipIf(chromiumPath === undefined)("the page of users, teams and roles", browserTest, () => {
  let browser: Browser;
  let server: ConsoleServer;
  const api = (path: string, asking: { readonly method?: string; readonly body?: unknown } = {}) =>
    ask(server.platform, path, { ...asking, headers: { authorization: `Bearer ${server.key}` } });
  const logIn = (name: string, password: string) =>
    ask(server.platform, "/api/v1/auth/login", { body: { name, password } });

  beforeAll(async () => {
    browser = await launchBrowser();
    server = await startConsoleServer();
  });
  afterAll(async () => {
    await server?.stop();
    await browser?.close();
  });

  test("a user is made with a first password, gets in by it, is disabled, enabled and deleted", async () => {
    const { page, context, complaints } = await server.openAs(browser, "admin", { path: "/people" });
    await page.getByRole("button", { name: "developer" }).waitFor();
    expect(await findBarriers(page)).toEqual([]);
    expect(await takePictures(page, "people")).toEqual([]);
    await page.getByRole("button", { name: "New user" }).press("Enter");
    const dialog = page.getByRole("dialog", { name: "New user" });
    await dialog.getByLabel("Name").fill("grace");
    await dialog.getByLabel("Role").selectOption("viewer");
    await dialog.getByLabel("Calls a minute").fill("30");
    expect(await findBarriers(page)).toEqual([]);
    expect(await takePictures(page, "people-new")).toEqual([]);
    await dialog.getByLabel("Name").press("Enter");
    const told = page.getByRole("group", { name: "Password" });
    const password = (await told.textContent()) ?? "";
    expect(password).toMatch(/^[\w-]{27}$/);
    expect(await findBarriers(page)).toEqual([]);
    await page.keyboard.press("Escape");
    await told.waitFor();
    await page.getByRole("button", { name: "I have it" }).click();
    await told.waitFor({ state: "detached" });
    expect(await page.content()).not.toContain(password);
    expect((await logIn("grace", password)).status).toBe(200);

    await page.getByRole("button", { name: "grace" }).click();
    const drawer = page.getByRole("dialog", { name: "grace", exact: true });
    await drawer.getByText("by the role viewer").first().waitFor();
    await drawer.getByText("30 calls/min").waitFor();
    await drawer.getByText("Log in by password").waitFor();
    await drawer.getByRole("button", { name: "End", exact: true }).waitFor();
    expect(await findBarriers(page)).toEqual([]);
    expect(await takePictures(page, "people-user")).toEqual([]);
    await drawer.getByRole("button", { name: "Disable" }).click();
    await confirm("Disable grace?", "Disable");
    await drawer.getByText("The user is disabled", { exact: false }).waitFor();
    expect((await logIn("grace", password)).status).toBe(401);
    await drawer.getByRole("button", { name: "Enable" }).click();
    await drawer.getByRole("button", { name: "Disable" }).waitFor();
    expect((await logIn("grace", password)).status).toBe(200);

    await drawer.getByRole("button", { name: "Give a password" }).click();
    await confirm("Give grace a new password?", "Give a password");
    await context.grantPermissions(["clipboard-read", "clipboard-write"]);
    const next = (await told.textContent()) ?? "";
    await page.getByRole("button", { name: "Copy the password" }).click();
    await page.getByText("Copied").waitFor();
    expect(await page.evaluate("navigator.clipboard.readText()")).toBe(next);
    await page.getByRole("button", { name: "I have it" }).click();
    expect((await logIn("grace", password)).status).toBe(401);
    expect((await logIn("grace", next)).status).toBe(200);

    await page.getByRole("button", { name: "grace" }).click();
    await drawer.getByRole("button", { name: "Delete" }).click();
    await confirm("Delete grace?", "Delete");
    await page.getByRole("button", { name: "grace" }).waitFor({ state: "detached" });
    expect((await logIn("grace", next)).status).toBe(401);
    expect(complaints).toEqual([]);

    async function confirm(title: string, verb: string): Promise<void> {
      await page.getByRole("dialog", { name: title }).getByRole("button", { name: verb }).click();
      await page.getByRole("dialog", { name: title }).waitFor({ state: "detached" });
    }
  });

  test("a change of a user holds in the API, and what the server refuses is said", async () => {
    const { page } = await server.openAs(browser, "admin", { path: "/people" });
    await page.getByRole("button", { name: "admin", exact: true }).click();
    const drawer = page.getByRole("dialog", { name: "admin", exact: true });
    await drawer.getByLabel("Role").selectOption("viewer");
    await drawer.getByRole("button", { name: "Save" }).click();
    await drawer.getByText("This is the last active admin", { exact: false }).waitFor();
    await drawer.getByLabel("Role").selectOption("admin");
    await drawer.getByLabel("E-mail").fill("admin@example.org");
    await drawer.getByRole("button", { name: "Save" }).click();
    await page.getByText("admin is changed", { exact: false }).waitFor();
    const { text } = await api("/api/v1/users?role=admin");
    expect(text).toContain("admin@example.org");
  });

  test("a team is made, gets a member and loses it, and is deleted", async () => {
    const { page, complaints } = await server.openAs(browser, "admin", { path: "/people/teams" });
    await page.getByRole("heading", { name: "There is no team yet" }).waitFor();
    expect(await findBarriers(page)).toEqual([]);
    await page.getByRole("button", { name: "New team" }).click();
    const making = page.getByRole("dialog", { name: "New team" });
    await making.getByLabel("Name").fill("Blue");
    await making.getByLabel("Calls at once").fill("4");
    await making.getByRole("button", { name: "Make" }).click();
    await page.getByRole("button", { name: "Blue", exact: true }).click();
    const drawer = page.getByRole("dialog", { name: "Blue" });
    await drawer.getByLabel("Add a member").selectOption("developer");
    await drawer.getByRole("button", { name: "Add", exact: true }).click();
    await drawer.getByRole("button", { name: "Remove developer" }).waitFor();
    expect(await findBarriers(page)).toEqual([]);
    expect(await takePictures(page, "people-team")).toEqual([]);
    await drawer.getByRole("button", { name: "Remove developer" }).press("Enter");
    await drawer.getByText("Nobody is in this team.").waitFor();
    await drawer.getByRole("button", { name: "Delete" }).click();
    await page.getByRole("dialog", { name: "Delete Blue?" }).getByRole("button", { name: "Delete" }).click();
    await page.getByRole("heading", { name: "There is no team yet" }).waitFor();
    expect(complaints).toEqual([]);
  });

  test("a role is made of permissions, and what is built in stays", async () => {
    const { page, complaints } = await server.openAs(browser, "admin", { path: "/people/roles" });
    await page.getByRole("button", { name: "viewer", exact: true }).click();
    await page.getByText("Every platform has this role.", { exact: false }).waitFor();
    expect(await page.getByRole("dialog").getByRole("button", { name: "Delete" }).count()).toBe(0);
    expect(await findBarriers(page)).toEqual([]);
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "New role" }).click();
    const dialog = page.getByRole("dialog", { name: "New role" });
    await dialog.getByLabel("Name").fill("Not A Name");
    await dialog.getByLabel("What it is for").fill(hostile);
    await dialog.getByLabel("models.read").check();
    await dialog.getByRole("button", { name: "Make" }).click();
    await dialog.getByText("must be small letters", { exact: false }).first().waitFor();
    await dialog.getByLabel("Name").fill("reader");
    await dialog.getByRole("button", { name: "Make" }).click();
    await page.getByRole("button", { name: "reader", exact: true }).waitFor();
    await page.getByText(hostile).waitFor();
    expect(await page.locator("img[src=x]").count()).toBe(0);
    expect(await takePictures(page, "people-roles")).toEqual([]);
    const role = await api("/api/v1/roles/reader");
    expect(member(role.json, "permissions")).toEqual(["models.read"]);
    await page.getByRole("button", { name: "reader", exact: true }).click();
    const drawer = page.getByRole("dialog", { name: "reader" });
    await drawer.getByRole("button", { name: "Delete" }).click();
    await page
      .getByRole("dialog", { name: "Delete reader?" })
      .getByRole("button", { name: "Delete" })
      .click();
    await page.getByRole("button", { name: "reader", exact: true }).waitFor({ state: "detached" });
    expect(complaints).toEqual([
      "Failed to load resource: the server responded with a status of 400 (Bad Request)",
    ]);
  });

  test("a login that is ended is over, and the page of who had it asks again", async () => {
    const other = await server.openAs(browser, "developer", { path: "/account" });
    const { page, complaints } = await server.openAs(browser, "admin", { path: "/people/sessions" });
    const row = page.getByRole("row", { name: /^developer/ });
    await row.first().waitFor();
    expect(await findBarriers(page)).toEqual([]);
    expect(await takePictures(page, "people-sessions")).toEqual([]);
    await row.first().getByRole("button", { name: "End" }).press("Enter");
    await page.getByRole("dialog").getByRole("button", { name: "End" }).click();
    await row.waitFor({ state: "detached" });
    await other.page.reload();
    await other.page.getByRole("button", { name: "Log in" }).waitFor();
    expect(complaints).toEqual([]);
  });

  test("who only looks changes nothing, and who may not look does not see it", async () => {
    const { page, complaints } = await server.openAs(browser, "operator", { path: "/people" });
    await page.getByRole("button", { name: "developer" }).click();
    const drawer = page.getByRole("dialog", { name: "developer" });
    await drawer.getByText("by the role developer").first().waitFor();
    await drawer.getByLabel("Show what is not allowed, too").check();
    await drawer.getByText("not allowed", { exact: true }).first().waitFor();
    expect(await drawer.getByRole("button").count()).toBe(1);
    await page.keyboard.press("Escape");
    expect(await page.getByRole("button", { name: "New user" }).count()).toBe(0);
    await page.getByRole("link", { name: "Sessions" }).click();
    await page
      .getByRole("row", { name: /^operator/ })
      .first()
      .waitFor();
    expect(await page.getByRole("button", { name: "End" }).count()).toBe(0);
    expect(complaints).toEqual([]);
    const viewer = await server.openAs(browser, "viewer", { path: "/people" });
    await viewer.page.getByRole("heading", { name: "This page is not for your role" }).waitFor();
    expect(await viewer.page.getByRole("link", { name: "Users, teams, roles" }).count()).toBe(0);
  });

  test("names what went wrong, and tries again", async () => {
    const { page } = await server.openAs(browser, "admin", { path: "/account" });
    const refused = { status: 503, contentType: "application/problem+json", body: '{"detail":"<b>No</b>"}' };
    await page.route("**/api/v1/users*", (route) => route.fulfill(refused));
    await page.getByRole("link", { name: "Users, teams, roles" }).click();
    await page.getByText("<b>No</b>").first().waitFor({ timeout: 60_000 });
    await page.unrouteAll();
    await page.getByRole("button", { name: "Try again" }).first().click();
    await page.getByRole("button", { name: "developer" }).waitFor();
  });
});
