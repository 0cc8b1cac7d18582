import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { browserTest, chromiumPath, launchBrowser, openPage } from "./browser.ts";
import { type ConsoleServer, startConsoleServer } from "./console-server.ts";
import { findBarriers, takePictures } from "./looks.ts";

describe.skipIf(chromiumPath === undefined)("what is said when there is nothing to show", browserTest, () => {
  let browser: Browser;
  let server: ConsoleServer;

  beforeAll(async () => {
    browser = await launchBrowser();
    server = await startConsoleServer();
  });
  afterAll(async () => {
    await server?.stop();
    await browser?.close();
  });

  test("an address that no page has, and one that is not for the role, lead on", async () => {
    const { page, complaints } = await server.openAs(browser, "viewer", { path: "/nowhere" });
    await page.getByRole("heading", { name: "There is no such page" }).waitFor();
    expect(await findBarriers(page)).toEqual([]);
    expect(await takePictures(page, "no-such-page")).toEqual([]);
    await page.getByRole("link", { name: "Go home" }).press("Enter");
    await page.getByRole("heading", { name: "Home", exact: true }).waitFor();
    await page.goto(`${server.platform.url}/console/audit`);
    await page.getByRole("heading", { name: "This page is not for your role" }).waitFor();
    await page.getByText("Your role viewer does not allow", { exact: false }).waitFor();
    expect(await findBarriers(page)).toEqual([]);
    expect(await takePictures(page, "forbidden-page")).toEqual([]);
    await page.getByRole("link", { name: "Go home" }).press("Enter");
    await page.getByRole("heading", { name: "Home", exact: true }).waitFor();
    expect(complaints).toEqual([]);
  });

  test("a server that does not answer is told, and the console goes on when it does", async () => {
    const { page } = await openPage(browser, `${server.platform.url}/console/`);
    await page.getByRole("button", { name: "Log in" }).waitFor();
    await page.route("**/api/**", (route) => route.abort());
    await page.reload();
    await page.getByRole("heading", { name: "The server does not answer" }).waitFor({ timeout: 60_000 });
    expect(await findBarriers(page)).toEqual([]);
    expect(await takePictures(page, "no-answer")).toEqual([]);
    await page.unrouteAll();
    await page.getByRole("button", { name: "Try again" }).press("Enter");
    await page.getByRole("button", { name: "Log in" }).waitFor();
  });

  test("a lost connection is told until it is back, and then a server of another version as well", async () => {
    const { page } = await server.openAs(browser, "operator", { path: "/account" });
    const line = await holdConnection(page);
    await page.reload();
    await page.getByText("Live", { exact: true }).waitFor();
    line.cut();
    await page.getByText("Reconnecting", { exact: true }).waitFor();
    expect(await findBarriers(page)).toEqual([]);
    expect(await takePictures(page, "lost-connection")).toEqual([]);
    const other =
      "<html><body><script src='/console/assets/index-of-another-version.js'></script></body></html>";
    await page.route("**/console/", (route) => route.fulfill({ contentType: "text/html", body: other }));
    line.mend();
    await page.getByRole("button", { name: "Connect now" }).press("Enter");
    await page.getByText("Live", { exact: true }).waitFor({ timeout: 60_000 });
    await page.getByText("The server has a newer console than this page.").waitFor({ timeout: 60_000 });
    expect(await findBarriers(page)).toEqual([]);
    expect(await takePictures(page, "newer-console")).toEqual([]);
    await page.unrouteAll();
    await page.getByRole("button", { name: "Reload" }).press("Enter");
    await page.getByText("The server has a newer console than this page.").waitFor({ state: "detached" });
    await page.getByRole("heading", { name: "Account" }).waitFor();
  });

  test("a page whose code the server has no more asks for a reload, and the others go on", async () => {
    const { page } = await server.openAs(browser, "operator", { path: "/account" });
    await page.getByRole("heading", { name: "Account" }).waitFor();
    await page.route("**/console/assets/*.js", (route) => route.fulfill({ status: 404 }));
    await page.getByRole("link", { name: "Audit" }).click();
    await page.getByRole("heading", { name: "This page could not be fetched" }).waitFor();
    expect(await findBarriers(page)).toEqual([]);
    expect(await takePictures(page, "page-not-fetched")).toEqual([]);
    await page.unrouteAll();
    await page.getByRole("button", { name: "Reload" }).press("Enter");
    await page.getByRole("heading", { name: "Audit", exact: true }).waitFor();
  });
});

/** The live connection of a page, which can be cut; from the next load on. */
async function holdConnection(page: Page): Promise<{ cut(): void; mend(): void }> {
  const state = { isCut: false };
  const open = new Set<() => void>();
  await page.routeWebSocket(/\/ws\b/, (socket) => {
    const close = () => void socket.close({ code: 1001 });
    if (state.isCut) return close();
    socket.connectToServer();
    open.add(close);
  });
  return {
    cut() {
      state.isCut = true;
      for (const close of open) close();
      open.clear();
    },
    mend() {
      state.isCut = false;
    },
  };
}
