import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type { Browser, Page } from "playwright-core";
import { benchKey, benchModel } from "../contestants/contestant.ts";
import { createProcesses } from "../processes.ts";
import { benchAuth, integrationsBefore, startServer } from "../server.ts";
import { startScriptedUpstream } from "../upstream.ts";

const headers = { authorization: `Bearer ${benchKey}`, "content-type": "application/json" };
const person = { name: "somebody", role: "admin", password: "correct horse battery staple" };
const callsPerSecond = 200;
const sliceMs = 100;

const completion = JSON.stringify({
  id: "c",
  object: "chat.completion",
  created: 0,
  model: benchModel,
  choices: [{ index: 0, message: { role: "assistant", content: "Hello" }, finish_reason: "stop" }],
  usage: { prompt_tokens: 3, completion_tokens: 1, total_tokens: 4 },
});

/** A built server before an upstream that answers at once, as a browser is to see it. */
export interface Platform {
  readonly url: string;
  call(): Promise<unknown>;
  /** Makes 200 calls a second for so long. Returns how many. */
  callFor(forMs: number): Promise<number>;
  /** Opens the console as somebody who may see all. */
  logIn(browser: Browser): Promise<Page>;
  stop(): Promise<void>;
}

export async function startPlatform(): Promise<Platform> {
  const processes = createProcesses();
  const folder = await mkdtemp(join(tmpdir(), "llm-platform-console-bench-"));
  const upstream = await startScriptedUpstream((response) => {
    response.setHeader("content-type", "application/json");
    response.end(completion);
  });
  const integrations = integrationsBefore(upstream.port);
  const config = { grpc: { enabled: false }, auth: benchAuth, integrations };
  const { port } = await startServer({ processes, folder, config });
  const url = `http://127.0.0.1:${port}`;
  const call = () =>
    send(`${url}/v1/chat/completions`, {
      model: benchModel,
      messages: [{ role: "user", content: "Hello" }],
    });
  return {
    url,
    call,
    async callFor(forMs) {
      const endMs = performance.now() + forMs;
      const count = (callsPerSecond * sliceMs) / 1_000;
      let calls = 0;
      while (performance.now() < endMs) {
        await Promise.all([wait(sliceMs), ...Array.from({ length: count }, call)]);
        calls += count;
      }
      return calls;
    },
    async logIn(browser) {
      await makePerson(url);
      const page = await (await browser.newContext({ viewport: { width: 1280, height: 900 } })).newPage();
      await page.goto(`${url}/console/`);
      await page.getByLabel("Name").fill(person.name);
      await page.getByLabel("Password", { exact: true }).fill(person.password);
      await page.getByRole("button", { name: "Log in" }).click();
      await page.getByRole("navigation").first().waitFor();
      return page;
    },
    async stop() {
      await processes.stopAll();
      upstream.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function makePerson(url: string): Promise<void> {
  const { name, role, password } = person;
  const made = await send(`${url}/api/v1/users`, { name, role });
  const id = typeof made === "object" && made !== null && "id" in made ? String(made.id) : "";
  await send(`${url}/api/v1/users/${id}/password`, { password }, "PUT");
}

async function send(url: string, body: object, method = "POST"): Promise<unknown> {
  const answer = await fetch(url, { method, headers, body: JSON.stringify(body) });
  const text = await answer.text();
  if (!answer.ok) throw new Error(text);
  return JSON.parse(text);
}
