import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { ollamaIntegration, openAiIntegration, type Platform, startPlatform } from "../e2e/start-platform.ts";
import { createFakeUpstream, type FakeUpstream } from "../fakes/fake-upstream.ts";
import { askClaude, askCodex, claudeProgram, codexProgram } from "../services/coding-agents.ts";

const key = "agent-key-0123456789";
const overflow = { kind: "context-overflow" } as const;

let openAiServer: FakeUpstream;
let ollamaServer: FakeUpstream;
let platform: Platform;

beforeAll(async () => {
  [openAiServer, ollamaServer] = await Promise.all([
    createFakeUpstream({ dialect: "openai" }),
    createFakeUpstream({ dialect: "ollama" }),
  ]);
  platform = await startPlatform({
    config: {
      auth: { api_keys: [{ name: "agent", key }] },
      integrations: [
        openAiIntegration("office", openAiServer.origin),
        ollamaIntegration("cellar", ollamaServer.origin),
      ],
    },
  });
});

beforeEach(() => Promise.all([openAiServer.reset(), ollamaServer.reset()]));

afterAll(async () => {
  await platform?.stop();
  await Promise.all([openAiServer?.stop(), ollamaServer?.stop()]);
});

// Neither is known by the agents, and neither is a model that thinks.
const models = ["office/tiny-chat", "cellar/tiny-chat:latest"];

describe.skipIf(claudeProgram === undefined)("Claude Code", { timeout: 120_000 }, () => {
  const ask = (model: string, prompt: string) => askClaude({ url: platform.url, key, model }, prompt);

  test.each(models)("has %s answer and use a tool of its own", async (model) => {
    expect(await ask(model, "one two three")).toContain("one two three");
    expect(await ask(model, "Use TaskList now")).toMatch(/^tool said: /);
  });

  test("knows that its prompt is too long when the model's server says so", async () => {
    openAiServer.always(overflow);
    expect(await ask("office/tiny-chat", "one two three")).toMatch(/prompt is too long/i);
  });
});

describe.skipIf(codexProgram === undefined)("Codex", { timeout: 120_000 }, () => {
  const ask = (model: string, prompt: string) => askCodex({ url: platform.url, key, model }, prompt);

  test.each(models)("has %s answer and use a tool of a namespace", async (model) => {
    expect(await ask(model, "one two three")).toMatch(/^echo: one two three$/m);
    // Nobody has that id: the tool was found, and says so.
    expect(await ask(model, "Use multi_agent_v1__close_agent now")).toMatch(/^tool said: invalid agent id/m);
  });

  test("knows that its prompt is too long when the model's server says so", async () => {
    openAiServer.always(overflow);
    expect(await ask("office/tiny-chat", "one two three")).toContain(
      "ran out of room in the model's context",
    );
  });
});
