import { createEventSplitter } from "@llm-platform/kit";
import OpenAI from "openai";
import { z } from "zod";
import type { Platform } from "../e2e/start-platform.ts";
import type { ScenarioClient } from "./scenario-client.ts";

const listedModels = z.object({ models: z.array(z.object({ id: z.string(), integration: z.string() })) });
const pullView = z.object({ id: z.string(), phase: z.string() });
const usageList = z.object({ usage: z.array(z.object({ outcome: z.string() })) });
const stateEvent = z.object({ integration: z.string(), data: z.object({ to: z.string().optional() }) });

/** REST for the platform, and the OpenAI SDK for its models. */
export function createRestScenario(platform: Platform, key: string): ScenarioClient {
  const headers = { authorization: `Bearer ${key}` };
  const openai = new OpenAI({ baseURL: `${platform.url}/v1`, apiKey: key, maxRetries: 0 });

  async function call(method: string, path: string, body?: object): Promise<unknown> {
    const response = await fetch(platform.url + path, {
      method,
      headers: { ...headers, ...(body === undefined ? {} : { "content-type": "application/json" }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return response.json();
  }

  /** Data of the server-sent events of a path, until the signal aborts. */
  async function* follow(path: string, signal: AbortSignal): AsyncGenerator<unknown, void> {
    const accept = { accept: "text/event-stream" };
    const response = await fetch(platform.url + path, { headers: { ...headers, ...accept }, signal });
    const splitter = createEventSplitter();
    for await (const chunk of response.body ?? [])
      for (const { data } of splitter.push(chunk)) yield JSON.parse(data);
  }

  const begin = (model: string, text: string, signal?: AbortSignal) =>
    openai.chat.completions.create(
      {
        model,
        stream: true,
        stream_options: { include_usage: true },
        messages: [{ role: "user", content: text }],
      },
      { signal },
    );

  return {
    async models() {
      const { models } = listedModels.parse(await call("GET", "/api/v1/models"));
      return models.map(({ id, integration }) => `${integration}/${id}`);
    },
    async pull(model) {
      const { id } = pullView.parse(
        await call("POST", "/api/v1/pulls", { kind: "ollama", source: model, integration: "ollama" }),
      );
      const phases: string[] = [];
      const over = new AbortController();
      for await (const data of follow(`/api/v1/pulls/${id}`, over.signal)) {
        const { phase } = pullView.parse(data);
        if (phases.at(-1) !== phase) phases.push(phase);
      }
      return phases;
    },
    async chat(model, text) {
      let content = "";
      let deltas = 0;
      let finish: string | undefined;
      let outputTokens: number | undefined;
      for await (const { choices, usage } of await begin(model, text)) {
        const [choice] = choices;
        if (choice?.delta.content) deltas++;
        content += choice?.delta.content ?? "";
        finish = choice?.finish_reason ?? finish;
        outputTokens = usage?.completion_tokens ?? outputTokens;
      }
      return { content, deltas, finish, outputTokens };
    },
    async giveUp(model, text) {
      const leaving = new AbortController();
      let seen = 0;
      for await (const _chunk of await begin(model, text, leaving.signal)) {
        seen++;
        if (seen === 2) break;
      }
      leaving.abort();
    },
    async usage(model) {
      const query = new URLSearchParams({ model });
      return usageList
        .parse(await call("GET", `/api/v1/usage/records?${query}`))
        .usage.map(({ outcome }) => outcome);
    },
    async restart(integration) {
      await call("POST", `/integrations/${integration}/restart`);
    },
    async watch(integration) {
      const leaving = new AbortController();
      const states: string[] = [];
      const reading = (async () => {
        for await (const event of follow(`/integrations/events?integration=${integration}`, leaving.signal)) {
          const { data } = stateEvent.parse(event);
          if (data.to !== undefined) states.push(data.to);
        }
      })().catch(() => undefined);
      return {
        states,
        async stop() {
          leaving.abort();
          await reading;
        },
      };
    },
    close: async () => undefined,
  };
}
