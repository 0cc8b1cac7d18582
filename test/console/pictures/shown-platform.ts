import type { Browser } from "playwright-core";
import { ask, chatBody, member } from "../../e2e/http.ts";
import { openAiIntegration } from "../../e2e/start-platform.ts";
import { createFakeUpstream } from "../../fakes/fake-upstream.ts";
import type { ConsolePage } from "../browser.ts";
import { startConsoleServer } from "../console-server.ts";
import { steadyAnswers } from "./steady-answers.ts";
import type { AnswerCount } from "./take-picture.ts";

/** A platform that some people use, as pictures show it. */
export interface ShownPlatform {
  /** Where its console is. */
  readonly url: string;
  /** Logs in as the admin, with answers that are the same each time. */
  open(browser: Browser): Promise<ConsolePage & { readonly answers: AnswerCount }>;
  stop(): Promise<void>;
}

/** Never by the route, which chooses by chance. */
const calls = ["office/large-chat", "office/small-chat", "lab/coder", "office/large-chat"];

export async function startShownPlatform(): Promise<ShownPlatform> {
  const office = await createFakeUpstream({
    dialect: "openai",
    models: ["large-chat", "small-chat", "text-embed"],
  });
  const lab = await createFakeUpstream({ dialect: "openai", models: ["coder", "reasoner-70b-instruct-q4"] });
  const price = { input_per_million: 2_000, output_per_million: 8_000, currency: "USD" };
  const server = await startConsoleServer({
    integrations: [
      openAiIntegration("office", office.origin),
      openAiIntegration("lab", lab.origin),
      { name: "local", settings: {} },
    ],
    prices: ["large-chat", "small-chat", "coder"].map((model) => ({ model, ...price })),
    routing: {
      aliases: { quick: "office/small-chat" },
      routes: [
        {
          model: "assistant",
          targets: [
            { model: "office/large-chat", weight: 3 },
            { model: "lab/coder", weight: 1 },
          ],
          fallbacks: ["office/small-chat"],
        },
      ],
    },
  });
  const { platform, key } = server;
  const send = async (path: string, body: unknown) => {
    const answer = await ask(platform, path, { headers: { authorization: `Bearer ${key}` }, body });
    if (answer.status !== 200) throw new Error(`${path}: ${answer.text}`);
    return answer.json;
  };
  const team = member(await send("/api/v1/teams", { name: "Research" }), "id");
  await send("/api/v1/users", { name: "grace", role: "developer", team });
  await send("/api/v1/keys", { name: "Nightly report", role: "developer" });
  await send("/api/v1/keys", { name: "Support assistant", role: "developer", requests_per_minute: 120 });
  const budget = { name: "Everybody", scope: "global", period: "total", currency: "USD", action: "warn" };
  await send("/api/v1/budgets", { ...budget, amount_micros: 250_000_000 });
  for (const model of calls) await send("/v1/chat/completions", chatBody(model));
  await platform.ledgerRows({ count: calls.length });
  return {
    url: `${platform.url}/console`,
    async open(browser) {
      const answers = { asked: 0, given: 0 };
      const opened = await server.openAs(browser, "admin", {
        async prepare(page) {
          page.setDefaultTimeout(90_000);
          await steadyAnswers(page, answers);
        },
      });
      return { ...opened, answers };
    },
    async stop() {
      await server.stop();
      await office.stop();
      await lab.stop();
    },
  };
}
