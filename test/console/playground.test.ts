import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { openAiIntegration } from "../e2e/start-platform.ts";
import { createFakeUpstream, type FakeUpstream } from "../fakes/fake-upstream.ts";
import { browserTest, chromiumPath, launchBrowser } from "./browser.ts";
import { type ConsoleServer, startConsoleServer } from "./console-server.ts";
import { findBarriers, takePictures } from "./looks.ts";

const hostile = `<img src=x onerror="document.title='broken in'">`;

describe.skipIf(chromiumPath === undefined)("the playground", browserTest, () => {
  let browser: Browser;
  let server: ConsoleServer;
  let upstream: FakeUpstream;

  beforeAll(async () => {
    browser = await launchBrowser();
    upstream = await createFakeUpstream({ dialect: "openai" });
    server = await startConsoleServer({
      integrations: [openAiIntegration("one", upstream.origin), openAiIntegration("two", upstream.origin)],
    });
  });
  afterEach(() => upstream.reset());
  afterAll(async () => {
    await server?.stop();
    await upstream?.stop();
    await browser?.close();
  });

  async function askAll(page: Page, prompt: string, models: readonly string[]): Promise<void> {
    for (const [at, model] of models.entries()) await page.getByLabel(`Model ${at + 1}`).selectOption(model);
    await page.getByLabel("Prompt", { exact: true }).fill(prompt);
    await page.getByRole("button", { name: "Ask", exact: true }).press("Enter");
  }

  test("two models answer beside each other, and what they say stays text", async () => {
    const { page, complaints } = await server.openAs(browser, "developer", { path: "/playground" });
    await askAll(page, hostile, ["one/tiny-chat", "two/tiny-chat"]);
    for (const model of ["one/tiny-chat", "two/tiny-chat"]) {
      const answer = page.getByRole("region", { name: model });
      await answer.getByText("done", { exact: true }).waitFor();
      await answer.getByText(`echo: ${hostile}`).waitFor();
    }
    expect(await page.title()).not.toBe("broken in");
    expect(await findBarriers(page)).toEqual([]);
    expect(await takePictures(page, "playground")).toEqual([]);
    expect(complaints).toEqual([]);
  });

  test("one that takes long is cancelled", async () => {
    upstream.always({ kind: "stream", chunks: 2_000, intervalMs: 50 });
    const { page } = await server.openAs(browser, "developer", { path: "/playground" });
    await askAll(page, "long", ["one/tiny-chat"]);
    await page.getByRole("button", { name: "Cancel" }).click();
    await page.getByText("cancelled", { exact: true }).waitFor();
  });

  test("one that breaks off says so", async () => {
    upstream.always({ kind: "reset-after-events", events: 3 });
    const { page } = await server.openAs(browser, "developer", { path: "/playground" });
    await askAll(page, "one two three four five", ["one/tiny-chat"]);
    await page.getByText("broken off", { exact: true }).waitFor();
    await page.getByText("This answer is not whole", { exact: false }).waitFor();
  });

  test("who may not call models is told so", async () => {
    const { page } = await server.openAs(browser, "viewer", { path: "/playground" });
    await page.getByRole("heading", { name: "You may not call models" }).waitFor();
    expect(await page.getByRole("button", { name: "Ask", exact: true }).count()).toBe(0);
  });
});
