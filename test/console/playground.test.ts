import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { ask, member } from "../e2e/http.ts";
import { ollamaIntegration, openAiIntegration } from "../e2e/start-platform.ts";
import { createFakeUpstream, type FakeUpstream } from "../fakes/fake-upstream.ts";
import { browserTest, chromiumPath, launchBrowser } from "./browser.ts";
import { type ConsoleServer, startConsoleServer } from "./console-server.ts";
import { findBarriers, takePictures } from "./looks.ts";

const run = promisify(execFile);
const hostile = `<img src=x onerror="document.title='broken in'"> [x](javascript:alert(1)) **bold**

1. first
2. second with \`code\`

\`\`\`ts
const answer = "<b>42</b>";
\`\`\`

| model | price |
|---|---|
| tiny | low |`;
const tools = JSON.stringify([
  {
    type: "function",
    function: { name: "weather", parameters: { type: "object", properties: { city: { type: "string" } } } },
  },
]);
const schema = JSON.stringify({ type: "object", properties: { n: { type: "integer" } }, required: ["n"] });
/** Git does not see it. */
const ignored = fileURLToPath(new URL("./screenshots/", import.meta.url));
/** The smallest image that there is. */
const png = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);

describe.skipIf(chromiumPath === undefined)("the playground", browserTest, () => {
  let browser: Browser;
  let server: ConsoleServer;
  let upstream: FakeUpstream;
  let seeing: FakeUpstream;
  let folder = "";

  beforeAll(async () => {
    browser = await launchBrowser();
    upstream = await createFakeUpstream({ dialect: "openai" });
    seeing = await createFakeUpstream({ dialect: "ollama", models: ["see-vision:latest"] });
    server = await startConsoleServer({
      integrations: [
        openAiIntegration("one", upstream.origin),
        openAiIntegration("two", upstream.origin),
        ollamaIntegration("seeing", seeing.origin),
      ],
      prices: [{ model: "tiny-chat", input_per_million: 2_000, output_per_million: 8_000, currency: "USD" }],
    });
    // Where the program that is copied finds OpenAI's library.
    await mkdir(ignored, { recursive: true });
    folder = await mkdtemp(join(ignored, "programs-"));
  }, browserTest.timeout);
  afterEach(() => upstream.reset());
  afterAll(async () => {
    await server?.stop();
    await upstream?.stop();
    await seeing?.stop();
    await browser?.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function openWith(models: readonly string[]) {
    const opened = await server.openAs(browser, "developer", { path: "/playground" });
    for (const [at, model] of models.entries())
      await opened.page.getByLabel(`Model ${at + 1}`).selectOption(model);
    return opened;
  }
  async function say(page: Page, prompt: string): Promise<void> {
    await page.getByLabel("Prompt", { exact: true }).fill(prompt);
    await page.getByLabel("Prompt", { exact: true }).press("Enter");
  }
  const laneOf = (page: Page, model: string) => page.getByRole("region", { name: model });

  test("two models answer beside each other, with times, tokens and cost, and nothing they say is markup", async () => {
    const models = ["one/tiny-chat", "two/tiny-chat"];
    const { page, complaints } = await openWith(models);
    await page.getByText("Live", { exact: true }).waitFor();
    await say(page, hostile);
    for (const model of models) {
      const lane = laneOf(page, model);
      await lane.getByText("done", { exact: true }).waitFor();
      await lane
        .getByText(`echo: <img src=x onerror="document.title='broken in'">`, { exact: false })
        .waitFor();
      await lane.locator("strong", { hasText: "bold" }).waitFor();
      expect(await lane.locator("img, a[href^='javascript']").count()).toBe(0);
      await lane.getByText("$", { exact: false }).waitFor();
      const id = /requests\/([\w-]+)/.exec((await lane.getByRole("link").getAttribute("href")) ?? "")?.[1];
      const headers = { authorization: `Bearer ${server.key}` };
      const { json } = await ask(server.platform, `/api/v1/requests/${id}`, { headers });
      const request = member(json, "request") ?? json;
      const tokens = `${String(member(request, "input_tokens"))} / ${String(member(request, "output_tokens"))}`;
      expect(await lane.innerText()).toContain(tokens);
    }
    expect(await page.title()).not.toBe("broken in");
    expect(await findBarriers(page)).toEqual([]);
    expect(await takePictures(page, "playground")).toEqual([]);
    expect(complaints).toEqual([]);
  });

  test("a conversation goes on, with its parameters, and starts anew", async () => {
    const { page, complaints } = await openWith(["one/tiny-chat"]);
    await page.getByLabel("System prompt").fill("Be brief.");
    await page.getByText("Parameters", { exact: true }).click();
    await page.getByLabel("Temperature").fill("0.5");
    await page.getByLabel("Seed").fill("7");
    await page.getByLabel("Most tokens").fill("3");
    await page.getByLabel("Stop at").fill("nine");
    await say(page, "one two three four");
    const lane = laneOf(page, "one/tiny-chat");
    await lane.getByText("echo: one two", { exact: true }).waitFor();
    await lane.getByText("done", { exact: true }).waitFor();
    await say(page, "five nine ten");
    await lane.getByText("echo: five", { exact: true }).waitFor();
    await expect.poll(() => lane.getByText("done", { exact: true }).count()).toBe(2);
    await lane.getByRole("button", { name: "Raw" }).last().click();
    const sent = await page
      .getByRole("dialog")
      .getByRole("region", { name: "Request" })
      .locator("pre")
      .innerText();
    expect(JSON.parse(sent)).toEqual({
      model: "one/tiny-chat",
      messages: [
        { role: "system", content: "Be brief." },
        { role: "user", content: "one two three four" },
        { role: "assistant", content: "echo: one two" },
        { role: "user", content: "five nine ten" },
      ],
      temperature: 0.5,
      max_tokens: 3,
      seed: 7,
      stop: ["nine"],
      stream: true,
      stream_options: { include_usage: true },
    });
    await page.getByRole("dialog").getByText('data: {"', { exact: false }).first().waitFor();
    expect(await findBarriers(page)).toEqual([]);
    expect(await takePictures(page, "playground-raw")).toEqual([]);
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Start anew" }).click();
    await lane.waitFor({ state: "detached" });
    expect(complaints).toEqual([]);
  });

  test("a function that a model calls is answered by the reader, and a schema gives the answer its form", async () => {
    const { page, complaints } = await openWith(["one/tiny-chat"]);
    await page.getByText("Tools and form of the answer").click();
    await page.getByLabel("Tools", { exact: true }).fill("{");
    await page.getByText("This is no JSON list.").waitFor();
    await page.getByLabel("Prompt", { exact: true }).fill("x");
    expect(await page.getByRole("button", { name: "Ask", exact: true }).isDisabled()).toBe(true);
    await page.getByLabel("Tools", { exact: true }).fill(tools);
    await say(page, "the weather, please");
    const lane = laneOf(page, "one/tiny-chat");
    await lane.getByText("It calls").waitFor();
    await lane.getByLabel("Result of weather").fill("sunny");
    expect(await findBarriers(page)).toEqual([]);
    expect(await takePictures(page, "playground-tools")).toEqual([]);
    await lane.getByRole("button", { name: "Send the results" }).press("Enter");
    await lane.getByText("tool said: sunny").waitFor();
    await page.getByLabel("Tools", { exact: true }).fill("");
    await page.getByLabel("JSON Schema of the answer").fill(schema);
    await say(page, "a number");
    await lane.getByText('{"n":', { exact: false }).waitFor();
    expect(complaints).toEqual([]);
  });

  test("an image goes to models that see, and is not offered to others", async () => {
    const { page, complaints } = await openWith(["one/tiny-chat"]);
    expect(await page.getByRole("button", { name: "Add an image" }).count()).toBe(0);
    await page.getByLabel("Model 1").selectOption("seeing/see-vision:latest");
    await page
      .getByLabel("Add an image")
      .setInputFiles({ name: "a.png", mimeType: "image/png", buffer: png });
    await page.getByRole("img", { name: "Image 1" }).waitFor();
    expect(await findBarriers(page)).toEqual([]);
    await say(page, "what is it");
    const lane = laneOf(page, "seeing/see-vision:latest");
    await lane.getByText("done", { exact: true }).waitFor();
    const sent = seeing.requests.filter(({ path }) => path.startsWith("/api/chat")).at(-1);
    expect(JSON.stringify(sent)).toContain(png.toString("base64").slice(0, 40));
    expect(complaints).toEqual([]);
  });

  test("the same call runs as it is copied: with curl, and with OpenAI's library", async () => {
    const { page, context, complaints } = await openWith(["one/tiny-chat"]);
    await page.getByLabel("System prompt").fill(`It's "quoted" $HOME \\n`);
    await say(page, "as a program");
    await laneOf(page, "one/tiny-chat").getByText("done", { exact: true }).waitFor();
    await context.grantPermissions(["clipboard-read", "clipboard-write"]);
    await page.getByRole("button", { name: "As a program" }).click();
    const dialog = page.getByRole("dialog");
    const copy = async (language: string): Promise<string> => {
      await dialog.getByLabel("Language").selectOption(language);
      const shown = await dialog.locator("pre").innerText();
      await dialog.getByRole("button", { name: /Copy the program|Copied/ }).click();
      await expect.poll(() => page.evaluate("navigator.clipboard.readText()")).toBe(shown);
      return shown;
    };
    const env = { PATH: process.env["PATH"], LLM_PLATFORM_API_KEY: server.key };
    const curl = await run("sh", ["-c", await copy("curl")], { env });
    expect(curl.stdout).toContain("data: [DONE]");
    expect(await findBarriers(page)).toEqual([]);
    expect(await takePictures(page, "playground-program")).toEqual([]);
    const program = join(folder, "program.ts");
    await writeFile(program, await copy("typescript"));
    expect((await run(process.execPath, [program], { env })).stdout).toContain("echo: as a program");
    expect(await copy("python")).toContain('os.environ["LLM_PLATFORM_API_KEY"]');
    expect(complaints).toEqual([]);
  });

  test("one that takes long is cancelled", async () => {
    upstream.always({ kind: "stream", chunks: 2_000, intervalMs: 50 });
    const { page } = await openWith(["one/tiny-chat"]);
    await say(page, "long");
    await laneOf(page, "one/tiny-chat").getByText("w0", { exact: false }).waitFor();
    await page.getByRole("button", { name: "Cancel" }).press("Enter");
    await page.getByText("cancelled", { exact: true }).waitFor();
    await page.getByRole("button", { name: "Ask", exact: true }).waitFor();
  });

  test("one that breaks off says so, and leads to its request", async () => {
    upstream.always({ kind: "reset-after-events", events: 3 });
    const { page } = await openWith(["one/tiny-chat"]);
    await say(page, "one two three four five");
    await page.getByText("broken off", { exact: true }).waitFor();
    await page.getByText("This answer is not whole", { exact: false }).waitFor();
    expect(await takePictures(page, "playground-cut")).toEqual([]);
    await page.getByRole("link", { name: "Its request" }).click();
    await page.getByText("upstream_incomplete", { exact: false }).first().waitFor();
  });

  test("who may not call models does not see it", async () => {
    const { page } = await server.openAs(browser, "viewer", { path: "/playground" });
    await page.getByRole("heading", { name: "This page is not for your role" }).waitFor();
    expect(await page.getByRole("link", { name: "Playground" }).count()).toBe(0);
    expect(await page.getByRole("button", { name: "Ask", exact: true }).count()).toBe(0);
  });
});
