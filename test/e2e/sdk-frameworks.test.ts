import { createOpenAI } from "@ai-sdk/openai";
import { HumanMessage } from "@langchain/core/messages";
import { tool as langchainTool } from "@langchain/core/tools";
import { ChatOllama, OllamaEmbeddings } from "@langchain/ollama";
import { generateText, Output, stepCountIs, streamText, tool } from "ai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { createFakeUpstream, type FakeUpstream } from "../fakes/fake-upstream.ts";
import { ollamaIntegration, openAiIntegration, type Platform, startPlatform } from "./start-platform.ts";

let platform: Platform;
let openAiServer: FakeUpstream;
let ollamaServer: FakeUpstream;

beforeAll(async () => {
  [openAiServer, ollamaServer] = await Promise.all([
    createFakeUpstream({ dialect: "openai" }),
    createFakeUpstream({ dialect: "ollama" }),
  ]);
  platform = await startPlatform({
    config: {
      gateway: { max_retries: 0, breaker: { failures: 1_000 } },
      integrations: [
        openAiIntegration("office", openAiServer.origin),
        ollamaIntegration("cellar", ollamaServer.origin),
      ],
    },
  });
});

afterAll(async () => {
  await platform?.stop();
  await Promise.all([openAiServer?.stop(), ollamaServer?.stop()]);
});

const city = z.object({ city: z.string() });

describe.each(["office/tiny-chat", "cellar/tiny-chat:latest"])(
  "LangChain's ChatOllama, with %s,",
  (model) => {
    const chat = () => new ChatOllama({ baseUrl: platform.url, model, temperature: 0 });

    test("asks and is answered, whole and piece by piece", async () => {
      const answer = await chat().invoke("green robots");
      expect(answer.content).toBe("echo: green robots");
      expect(answer).toMatchObject({ usage_metadata: { input_tokens: expect.any(Number) } });
      let text = "";
      for await (const piece of await chat().stream([new HumanMessage("green robots")]))
        text += String(piece.content);
      expect(text).toBe("echo: green robots");
    });

    test("calls a tool", async () => {
      const weather = langchainTool(() => "sunny", {
        name: "get_weather",
        description: "Weather.",
        schema: city,
      });
      const answer = await chat().bindTools([weather]).invoke("get_weather for Oslo");
      expect(answer.tool_calls).toMatchObject([{ name: "get_weather", args: { city: expect.any(String) } }]);
    });
  },
);

test.each(["office/tiny-embed", "cellar/tiny-embed:latest"])(
  "LangChain's OllamaEmbeddings embed with %s",
  async (model) => {
    const embeddings = new OllamaEmbeddings({ baseUrl: platform.url, model });
    const vectors = await embeddings.embedDocuments(["a cat sleeps", "a dog runs"]);
    expect(vectors).toHaveLength(2);
    expect(Math.hypot(...(vectors[0] ?? []))).toBeCloseTo(1, 2);
  },
);

describe.each(["office/tiny-chat", "cellar/tiny-chat:latest"])(
  "Vercel's AI SDK over the Responses API, with %s,",
  (id) => {
    const model = () => createOpenAI({ baseURL: `${platform.url}/v1`, apiKey: "none" })(id);

    test("asks and is answered, whole and piece by piece", async () => {
      const { text, usage, finishReason } = await generateText({ model: model(), prompt: "green robots" });
      expect(text).toBe("echo: green robots");
      expect(finishReason).toBe("stop");
      expect(usage.outputTokens).toBeGreaterThan(0);
      const pieces: string[] = [];
      for await (const piece of streamText({ model: model(), prompt: "green robots" }).textStream)
        pieces.push(piece);
      expect(pieces.join("")).toBe("echo: green robots");
    });

    test("runs a tool and goes on with its result, referring to what was said by its id", async () => {
      const { text, steps } = await generateText({
        model: model(),
        prompt: "get_weather for Oslo",
        tools: {
          get_weather: tool({
            description: "Weather.",
            inputSchema: city,
            execute: async () => ({ sky: "sunny" }),
          }),
        },
        stopWhen: stepCountIs(3),
      });
      expect(steps).toHaveLength(2);
      expect(text).toContain("sunny");
    });

    test("has an object made", async () => {
      const person = z.object({ name: z.string(), age: z.number() });
      const { output } = await generateText({
        model: model(),
        prompt: "Anna is 30.",
        output: Output.object({ schema: person }),
      });
      expect(output).toEqual({ name: expect.any(String), age: expect.any(Number) });
    });
  },
);
