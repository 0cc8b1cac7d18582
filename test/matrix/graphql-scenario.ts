import { createClient } from "graphql-ws";
import { WebSocket } from "ws";
import { askGraph } from "../e2e/graphql-calls.ts";
import { member } from "../e2e/http.ts";
import type { Platform } from "../e2e/start-platform.ts";
import type { ScenarioClient } from "./scenario-client.ts";

/** Every step over GraphQL: what is followed over a WebSocket, the rest over HTTP. */
export function createGraphqlScenario(platform: Platform, key: string): ScenarioClient {
  const live = createClient({
    url: `${platform.url.replace("http", "ws")}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: { authorization: `Bearer ${key}` },
  });

  async function ask(query: string, variables: Readonly<Record<string, unknown>> = {}): Promise<unknown> {
    const { data, errors } = await askGraph(platform, { query, variables, key });
    if (errors.length > 0) throw new Error(JSON.stringify(errors));
    return data;
  }

  async function* follow(
    query: string,
    variables: Readonly<Record<string, unknown>>,
  ): AsyncGenerator<unknown, void> {
    for await (const { data, errors } of live.iterate({ query, variables })) {
      if (errors !== undefined) throw new Error(JSON.stringify(errors));
      yield data;
    }
  }

  const chatOf = (model: string, content: string) =>
    follow(
      "subscription ($input: ChatInput!) { chat(input: $input) { type content finishReason usage { outputTokens } } }",
      { input: { model, messages: [{ role: "USER", content }] } },
    );

  return {
    async models() {
      const data = await ask("{ models(first: 100) { nodes { id integrationName } } }");
      return listAt(data, "models", "nodes").map(
        (each) => `${String(member(each, "integrationName"))}/${String(member(each, "id"))}`,
      );
    },
    async pull(source) {
      const started = await ask("mutation ($input: PullsStartInput!) { pullsStart(input: $input) { id } }", {
        input: { kind: "OLLAMA", source, integration: "ollama" },
      });
      const id = at(started, "pullsStart", "id");
      const phases: string[] = [];
      for await (const data of follow(
        "subscription ($id: String) { pulls(id: $id) { pulls { phase finishedAt } } }",
        { id },
      )) {
        const [pull] = listAt(data, "pulls", "pulls");
        const phase = String(member(pull, "phase")).toLowerCase();
        if (phases.at(-1) !== phase) phases.push(phase);
        if (member(pull, "finishedAt") !== null) break;
      }
      return phases;
    },
    async chat(model, text) {
      const contents: string[] = [];
      let finish: string | undefined;
      let outputTokens: number | undefined;
      for await (const data of chatOf(model, text)) {
        const { content, finishReason, usage } = Object(member(data, "chat"));
        if (typeof content === "string" && content !== "") contents.push(content);
        if (typeof finishReason === "string") finish = finishReason.toLowerCase();
        const tokens = member(usage, "outputTokens");
        if (typeof tokens === "number") outputTokens = tokens;
      }
      return { content: contents.join(""), deltas: contents.length, finish, outputTokens };
    },
    async giveUp(model, text) {
      let seen = 0;
      for await (const data of chatOf(model, text)) {
        if (at(data, "chat", "type") === "DELTA") seen++;
        if (seen === 2) break;
      }
    },
    async usage(model) {
      const data = await ask("query ($model: String) { attempts(model: $model) { nodes { outcome } } }", {
        model,
      });
      return listAt(data, "attempts", "nodes").map((each) => String(member(each, "outcome")).toLowerCase());
    },
    async restart(name) {
      await ask("mutation ($name: String!) { integrationsRestart(input: {name: $name}) { state } }", {
        name,
      });
    },
    async watch(integration) {
      const states: string[] = [];
      const query =
        "subscription ($integration: String) { events(integration: $integration) { event { data } } }";
      const over = Promise.withResolvers<void>();
      const leave = live.subscribe(
        { query, variables: { integration } },
        {
          next: ({ data }) => {
            const to = at(data, "events", "event", "data", "to");
            if (typeof to === "string") states.push(to);
          },
          error: over.reject,
          complete: over.resolve,
        },
      );
      // What is answered over the same connection, from the same log, was asked after it is followed.
      for await (const _result of live.iterate({ query: "{ events(first: 1) { nodes { id } } }" })) break;
      return {
        states,
        async stop() {
          leave();
          await over.promise;
        },
      };
    },
    close: async () => live.dispose(),
  };
}

function at(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>((from, name) => member(from, name), value);
}

function listAt(value: unknown, ...path: readonly string[]): readonly unknown[] {
  const list = at(value, ...path);
  return Array.isArray(list) ? list : [];
}
