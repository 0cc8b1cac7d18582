import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ask, member } from "../e2e/http.ts";
import { hubIntegration } from "../e2e/pull-calls.ts";
import { openAiIntegration } from "../e2e/start-platform.ts";
import { createFakeUpstream, type FakeUpstream } from "../fakes/fake-upstream.ts";
import { createFakeHub, type FakeHub } from "../fakes/hub/fake-hub.ts";
import { givenContents, seededContents } from "../fakes/hub/hub-contents.ts";
import { browserTest, chromiumPath, launchBrowser } from "./browser.ts";
import { type ConsoleServer, startConsoleServer } from "./console-server.ts";
import { findBarriers, takePictures } from "./looks.ts";

const demoModel = readFileSync(fileURLToPath(new URL("../../models/demo/demo-chat.gguf", import.meta.url)));
const mebibyte = 1024 * 1024;
const hostile = "<img src=x onerror=alert(1)>";
const pulled = "acme/tiny-GGUF";

describe.skipIf(chromiumPath === undefined)("the page of models", browserTest, () => {
  let browser: Browser;
  let hub: FakeHub;
  let office: FakeUpstream;
  let server: ConsoleServer;
  const get = async (path: string) =>
    (await ask(server.platform, path, { headers: { authorization: `Bearer ${server.key}` } })).json;

  beforeAll(async () => {
    browser = await launchBrowser();
    hub = await createFakeHub([
      {
        id: pulled,
        files: {
          "tiny-Q4_K_M.gguf": seededContents(12 * mebibyte + 17, "small"),
          "tiny-Q8_0.gguf": seededContents(24 * mebibyte + 5, "large"),
        },
        library: "gguf",
        license: "apache-2.0",
        task: "text-generation",
        downloads: 70_000,
        parameters: 1_100_000_000,
      },
      {
        id: "acme/demo-GGUF",
        files: { "pulled-demo-F16.gguf": givenContents(demoModel) },
        library: "gguf",
        license: "mit",
        downloads: 9,
      },
      { id: "acme/empty", files: { "README.md": givenContents(Buffer.from("# none")) }, library: "gguf" },
    ]);
    office = await createFakeUpstream({ dialect: "openai", models: ["office-large", hostile] });
    server = await startConsoleServer({
      integrations: [
        openAiIntegration("office", office.origin),
        hubIntegration(hub),
        { name: "local", settings: {} },
      ],
      pulls: { reserve_bytes: 0 },
    });
  });
  afterAll(async () => {
    await server?.stop();
    await office?.stop();
    await hub?.stop();
    await browser?.close();
  });

  test("a pull from the Hub goes on after a break, a pause and is watched all the while", async () => {
    hub.setBytesPerSecond(1_500_000);
    hub.fault({ kind: "cut", afterBytes: 1.5 * mebibyte });
    const { page, complaints } = await server.openAs(browser, "operator", { path: "/models" });
    await page.getByRole("button", { name: "Add a model" }).click();
    const drawer = page.getByRole("dialog", { name: "Add a model from the Hub" });
    await drawer.getByLabel("Words of its name").fill("tiny");
    await page.keyboard.press("Enter");
    await drawer.getByRole("button", { name: pulled }).waitFor();
    expect(await findBarriers(page)).toEqual([]);
    expect(await takePictures(page, "models-search")).toEqual([]);
    await drawer.getByRole("button", { name: pulled }).click();
    await drawer.getByText("Licence: apache-2.0").waitFor();
    await drawer.getByText(/^the best that fits in your \d/).waitFor();
    expect(await findBarriers(page)).toEqual([]);
    expect(await takePictures(page, "models-repository")).toEqual([]);
    await drawer.getByLabel("Q4_K_M").check();
    await drawer.getByLabel("Load it when it is here").uncheck();
    await drawer.getByRole("button", { name: "Fetch 12.6 MB" }).click();
    // Holds for what is asked for after the break.
    hub.setBytesPerSecond(100_000);
    await drawer.waitFor({ state: "detached" });

    const bar = page.getByRole("progressbar", { name: `Progress of ${pulled}` });
    // Of four connections one has a whole chunk by then, which is what stays when it is paused.
    await expect.poll(() => valueOf(page), { timeout: 60_000 }).toBeGreaterThan(0.4);
    expect(await findBarriers(page)).toEqual([]);
    expect(await takePictures(page, "models-pull")).toEqual([]);
    await page.getByRole("button", { name: `Pause ${pulled}` }).click();
    await page.getByText("paused", { exact: true }).waitFor();
    const restedAt = await valueOf(page);
    expect(restedAt).toBeLessThan(1);
    const asked = hub.requests.length;
    hub.setBytesPerSecond(undefined);
    await page.getByRole("button", { name: `Go on with ${pulled}` }).focus();
    await page.keyboard.press("Enter");
    await bar.waitFor({ state: "detached" });
    await page.getByText("Callable as local/tiny-Q4_K_M.").waitFor();
    await page.getByRole("button", { name: "tiny-Q4_K_M", exact: true }).waitFor();
    // It went on with what was there.
    const later = hub.requests
      .slice(asked)
      .filter(({ server, method }) => server === "files" && method === "GET");
    expect(later.length).toBeGreaterThan(0);
    const sentBytes = later.reduce((sum, { from, sentUntil }) => sum + sentUntil - from, 0);
    expect(sentBytes).toBeLessThanOrEqual(11 * mebibyte + 17);
    expect(complaints).toEqual([]);
  });

  test("a pull that is cancelled asks first, and leaves nothing", async () => {
    hub.setBytesPerSecond(200_000);
    const { page } = await server.openAs(browser, "operator", { path: "/models" });
    const headers = { authorization: `Bearer ${server.key}` };
    const body = { kind: "huggingface", source: pulled, quantization: "Q8_0" };
    await ask(server.platform, "/api/v1/pulls", { headers, body });
    await page.getByRole("button", { name: `Cancel ${pulled}` }).click();
    const question = page.getByRole("dialog", { name: `Cancel ${pulled}` });
    await question.getByText("What was fetched so far is thrown away.").waitFor();
    expect(await findBarriers(page)).toEqual([]);
    await question.getByRole("button", { name: "Cancel the pull" }).click();
    await page.getByText("cancelled", { exact: true }).waitFor();
    hub.setBytesPerSecond(undefined);
  });

  test("the catalogue shows what the API does, is filtered, and hostile names are text", async () => {
    const { page, complaints } = await server.openAs(browser, "developer", { path: "/models" });
    const row = page.getByRole("row").filter({ hasText: "demo-chat" });
    await row.waitFor();
    const { size, context } = await factsOf(await get("/api/v1/models?integration=local"), "demo-chat");
    expect(await row.getByRole("cell").allInnerTexts()).toEqual(
      expect.arrayContaining([
        `${(size / 1e6).toLocaleString("en", { maximumFractionDigits: 1 })} MB`,
        context,
      ]),
    );
    await page.getByRole("button", { name: hostile }).waitFor();
    expect(await page.locator("img").count()).toBe(0);
    expect(await findBarriers(page)).toEqual([]);
    expect(await takePictures(page, "models")).toEqual([]);

    await page.getByLabel("Integration").selectOption("local");
    await page.getByRole("button", { name: hostile }).waitFor({ state: "detached" });
    await page.getByLabel("Can do").selectOption("tools");
    await page.getByRole("button", { name: "demo-embed" }).waitFor({ state: "detached" });
    await row.waitFor();
    await page.getByLabel("Name").fill("nothing is called that");
    await page.getByRole("heading", { name: "No model fits" }).waitFor();
    await page.getByRole("button", { name: "Take all filters back" }).click();
    await row.waitFor();

    // A developer calls models; no more.
    for (const name of ["Add a model", "Look anew", "Load", "Unload", "Delete"])
      expect(await page.getByRole("button", { name, exact: true }).count(), name).toBe(0);
    await page.getByRole("button", { name: "demo-chat" }).click();
    const drawer = page.getByRole("dialog", { name: "local/demo-chat" });
    await drawer.getByText("Takes about", { exact: false }).waitFor();
    for (const name of ["Load", "Delete", "Save"])
      expect(await drawer.getByRole("button", { name, exact: true }).count(), name).toBe(0);
    await page.keyboard.press("Escape");
    await drawer.waitFor({ state: "detached" });
    expect(complaints).toEqual([]);
  });

  test("a model is loaded, set otherwise, unloaded and deleted", async () => {
    const headers = { authorization: `Bearer ${server.key}` };
    const body = { kind: "huggingface", source: "acme/demo-GGUF" };
    await ask(server.platform, "/api/v1/pulls", { headers, body });
    const { page, complaints } = await server.openAs(browser, "operator", { path: "/models" });
    await page.getByRole("button", { name: "pulled-demo-F16", exact: true }).click();
    const drawer = page.getByRole("dialog", { name: "local/pulled-demo-F16" });
    await drawer.getByRole("button", { name: "Load", exact: true }).click();
    await drawer.getByRole("button", { name: "Unload", exact: true }).waitFor();
    await drawer.getByText("More settings").click();
    await drawer.getByLabel("keep_alive_seconds").fill("-5");
    await drawer.getByRole("button", { name: "Save" }).click();
    await drawer.getByRole("alert").waitFor();
    expect(await findBarriers(page)).toEqual([]);
    await drawer.getByLabel("keep_alive_seconds").fill("900");
    await drawer.getByRole("button", { name: "Save" }).click();
    await page.getByText("local/pulled-demo-F16 has new settings.").waitFor();
    expect(await takePictures(page, "model")).toEqual([]);
    const settings = await get("/api/v1/models/settings?model=local/pulled-demo-F16");
    expect(member(settings, "settings")).toEqual({ keep_alive_seconds: 900 });
    await page.keyboard.press("Escape");

    await page.getByText(/leaves in/).waitFor();
    expect(await findBarriers(page)).toEqual([]);
    expect(await takePictures(page, "models-running")).toEqual([]);
    await page.getByRole("button", { name: "Unload local/pulled-demo-F16" }).click();
    await page.getByRole("heading", { name: "Nothing is in memory" }).waitFor();

    await page.getByRole("button", { name: "pulled-demo-F16", exact: true }).click();
    await drawer.getByRole("button", { name: "Delete", exact: true }).click();
    const question = page.getByRole("dialog", { name: "Delete local/pulled-demo-F16?" });
    await question.getByText("This cannot be undone.", { exact: false }).waitFor();
    await question.getByRole("button", { name: "Delete", exact: true }).click();
    await page.getByRole("button", { name: "pulled-demo-F16", exact: true }).waitFor({ state: "detached" });
    expect(JSON.stringify(await get("/api/v1/models"))).not.toContain("pulled-demo");
    // The setting that is none, and the drawer that asked once more for the model that was deleted.
    expect(complaints.filter((text) => !/status of 40[04]/.test(text))).toEqual([]);
  });

  test("a server that refuses is said in its own words, and asked again", async () => {
    const { page } = await server.openAs(browser, "viewer", { path: "/account" });
    await page.route("**/api/v1/models", (route) =>
      route.fulfill({
        status: 503,
        contentType: "application/problem+json",
        body: JSON.stringify({ detail: `The store does not answer ${hostile}`, code: "unavailable" }),
      }),
    );
    await page.getByRole("link", { name: "Models" }).click();
    await page.getByRole("alert").getByText("The store does not answer", { exact: false }).waitFor();
    expect(await page.locator("img").count()).toBe(0);
    await page.unroute("**/api/v1/models");
    await page.getByRole("button", { name: "Try again" }).click();
    await page.getByRole("button", { name: "demo-chat" }).waitFor();
  });
});

describe.skipIf(chromiumPath === undefined)("the page of models without any", browserTest, () => {
  test("says what to do first", async () => {
    const browser = await launchBrowser();
    const server = await startConsoleServer({ integrations: [] });
    const { page } = await server.openAs(browser, "operator", { path: "/models" });
    await page.getByRole("heading", { name: "No models yet" }).waitFor();
    expect(await findBarriers(page)).toEqual([]);
    expect(await takePictures(page, "models-none")).toEqual([]);
    await server.stop();
    await browser.close();
  });
});

async function valueOf(page: Page): Promise<number> {
  const bar = page.getByRole("progressbar", { name: `Progress of ${pulled}` });
  return Number((await bar.count()) === 0 ? 0 : await bar.getAttribute("value"));
}

async function factsOf(
  list: unknown,
  id: string,
): Promise<{ readonly size: number; readonly context: string }> {
  const models = member(list, "models");
  const found: unknown = Array.isArray(models)
    ? models.find((model) => member(model, "id") === id)
    : undefined;
  return {
    size: Number(member(found, "size_bytes")),
    context: Number(member(found, "context_tokens")).toLocaleString("en"),
  };
}
