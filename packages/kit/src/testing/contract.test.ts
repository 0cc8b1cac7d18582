import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PlatformError } from "../errors.ts";
import type { IntegrationContext, IntegrationDefinition, RunningIntegration } from "../integration.ts";
import type { ModelPlatform } from "../model-platform.ts";
import { Secret, type SettingsSchema } from "../settings.ts";
import { integrationContract } from "./contract.ts";
import type { ContractInput } from "./contract-input.ts";

interface Settings {
  readonly url: string;
  readonly key: Secret;
  readonly limit: number;
}

const secret = "sk-very-secret-4711";
const server = createServer((request, response) => answer(request.url ?? "", response));
const silentServer = createServer(() => undefined);
let settings: { readonly url: string; readonly key: string };
let hangSettings: typeof settings;

beforeAll(async () => {
  settings = { url: await listen(server), key: secret };
  hangSettings = { url: await listen(silentServer), key: secret };
});

afterAll(() => {
  for (const one of [server, silentServer]) {
    one.closeAllConnections();
    one.close();
  }
});

test("a good platform passes every case", async () => {
  for (const { name, run } of integrationContract(inputFor({}))) {
    await expect(run(), name).resolves.toBeUndefined();
  }
});

type Definition = IntegrationDefinition<Settings>;

describe("the contract notices", () => {
  test.each<[flaw: string, caseName: string, changes: () => Partial<Definition>]>([
    ["an id with capitals", "states a definition that the host takes", () => ({ id: "Sample" })],
    ["a summary of two lines", "states a definition that the host takes", () => ({ summary: "a\nb" })],
    [
      "a counter without _total",
      "declares metrics that can be exported",
      () => ({ metrics: [{ name: "calls", help: "Calls", type: "counter" }] }),
    ],
    [
      "a label of the host",
      "declares metrics that can be exported",
      () => ({ metrics: [{ name: "depth", help: "Depth", type: "gauge", labels: ["integration"] }] }),
    ],
    [
      "a form that hides a setting",
      "refuses settings that its JSON Schema does not name",
      () => ({ settings: schemaWith({ properties: { url: { type: "string" } } }) }),
    ],
    [
      "defaults that differ",
      "has the same defaults and required settings in both schemas",
      () => ({
        settings: schemaWith({ properties: { ...properties, limit: { type: "number", default: 11 } } }),
      }),
    ],
    [
      "a required setting that is none",
      "has the same defaults and required settings in both schemas",
      () => ({ settings: schemaWith({ required: ["url", "key", "limit"] }) }),
    ],
    [
      "a secret shown as text",
      "marks each secret in its JSON Schema",
      () => ({ settings: schemaWith({ properties: { ...properties, key: { type: "string" } } }) }),
    ],
    [
      "bad health",
      "starts, is well and stops",
      () => startWith({ health: async () => ({ status: "failed" }) }),
    ],
    [
      "a health that ignores its signal",
      "ends a probe soon when its signal aborts",
      () => startWith({ health: hang }),
    ],
    [
      "a stop that ignores its signal",
      "ends a stop soon when its signal aborts",
      () => startWith({ stop: hang }),
    ],
    [
      "a start that ignores its signal",
      "ends a start soon when the context's signal aborts",
      () => ({ start: hang }),
    ],
    ["a timer that is left", "closes on stop what it opened", () => leakTimer()],
    ["a secret in the log", "keeps its secrets out of log, events and health", () => logSecret()],
    ["an undeclared metric", "uses its metrics as it declares them", () => useStrangeMetric()],
    ["a failure that is hidden", "says so when it cannot work, and leaves nothing open", () => alwaysWell()],
    ["a model twice", "lists its models", () => withModels({ list: async () => [model("m"), model("m")] })],
    [
      "a dialect without a codec",
      "says which dialects it speaks",
      () => withModels({ dialectFor: () => "ollama" }),
    ],
    [
      "a relay without a path for what is served",
      "offers a relay, if any, that another process can use",
      () => withModels({ relay: () => ({ origin: "http://127.0.0.1:1", paths: {}, headers: [] }) }),
    ],
    [
      "a relay in a header that cannot be sent",
      "offers a relay, if any, that another process can use",
      () =>
        withModels({
          relay: () => ({
            origin: "http://127.0.0.1:1",
            paths: { chat: "/chat" },
            headers: [["authorization", "Bearer a\r\nb"]],
          }),
        }),
    ],
    [
      "an unknown model answered",
      "refuses a model that it does not have",
      () => withModels({ send: (call, own) => own({ ...call, model: "m" }) }),
    ],
    [
      "a cancellation that is not heard",
      "gives up a call that is cancelled before its head",
      () => withModels({ send: hang }),
    ],
    [
      "an answer with an error status",
      "answers a chat",
      () => withModels({ send: (call, own) => own({ ...call, model: "broken" }) }),
    ],
  ])(
    "%s",
    async (_flaw, caseName, changes) => {
      const found = integrationContract(inputFor(changes())).find(({ name }) => name === caseName);
      expect(found, caseName).toBeDefined();
      try {
        await expect(found?.run()).rejects.toThrow();
      } finally {
        leaked.splice(0).forEach(clearTimeout);
      }
    },
    15_000,
  );

  test.each([
    ["prints nothing and opens nothing", "export const integration = 1;", true],
    ["prints", "console.log('hello');", false],
    ["opens a timer", "setInterval(() => {}, 1000).ref(); setTimeout(() => process.exit(), 500);", false],
    ["changes the environment", "process.env.SAMPLE = 'x';", false],
  ])("whether an imported module %s", async (_what, source, isGood) => {
    const moduleUrl = new URL(`data:text/javascript,${encodeURIComponent(source)}`);
    const found = integrationContract({ ...inputFor({}), moduleUrl }).find(({ name }) =>
      name.includes("imported"),
    );
    const run = expect(found?.run());
    await (isGood ? run.resolves.toBeUndefined() : run.rejects.toThrow());
  });
});

const leaked: NodeJS.Timeout[] = [];
const hang = (): Promise<never> => new Promise(() => undefined);

function inputFor(changes: Partial<Definition>): ContractInput<Settings> {
  return {
    definition: { ...sample, ...changes },
    settings,
    breakSettings: { ...settings, url: "http://127.0.0.1:1" },
    hangSettings,
    chatModel: "m",
    stepLimitMs: 1_500,
  };
}

const properties = {
  url: { type: "string" },
  key: { type: "string", format: "secret" },
  limit: { type: "number", default: 10 },
} as const;

function schemaWith(changes: SettingsSchema<Settings>["jsonSchema"]): SettingsSchema<Settings> {
  return {
    jsonSchema: {
      type: "object",
      additionalProperties: false,
      required: ["url", "key"],
      properties,
      ...changes,
    },
    schema: {
      "~standard": {
        version: 1,
        vendor: "test",
        validate(value) {
          if (typeof value !== "object" || value === null)
            return { issues: [{ message: "must be an object" }] };
          const entries = new Map<string, unknown>(Object.entries(value));
          const strange = [...entries.keys()].filter((key) => !(key in properties));
          const missing = ["url", "key"].filter((key) => !entries.has(key));
          const issues = [...strange, ...missing].map((key) => ({
            message: "is strange or missing",
            path: [key],
          }));
          if (issues.length > 0) return { issues };
          const key = new Secret(String(entries.get("key")));
          return {
            value: { url: String(entries.get("url")), key, limit: Number(entries.get("limit") ?? 10) },
          };
        },
      },
    },
  };
}

const sample: Definition = {
  contract: 1,
  id: "sample",
  type: "model_platform",
  summary: "A platform that is a test's own",
  settings: schemaWith({}),
  metrics: [{ name: "starts_total", help: "Starts", type: "counter" }],
  start,
};

async function start(context: IntegrationContext<Settings>): Promise<RunningIntegration> {
  const { url } = context.settings;
  await context.fetch(`${url}/ready`, { signal: context.signal });
  context.metrics.add("starts_total", 1);
  return {
    models: modelsOf(context),
    async health(signal) {
      const { ok } = await context.fetch(`${url}/ready`, { signal });
      return { status: ok ? "ok" : "failed" };
    },
    stop: async () => undefined,
  };
}

function modelsOf({ settings: { url }, ...context }: IntegrationContext<Settings>): ModelPlatform {
  const upstream = context.upstream(url);
  return {
    provider: "sample",
    dialectFor: (operation) => (operation === "chat" ? "openai" : undefined),
    list: async () => [model("m")],
    relay: () => ({ origin: url, paths: { chat: "/chat/m" }, headers: [["accept", "application/json"]] }),
    async send(call) {
      const { body, cancellation, model: name } = call;
      const path = `/chat/${name}`;
      const reply = await upstream.send({ method: "POST", path, headers: [], body, cancellation });
      return { ...reply, dialect: "openai" };
    },
  };
}

function model(id: string) {
  return { id, operations: ["chat"] } as const;
}

function startWith(changes: Partial<RunningIntegration>): Partial<Definition> {
  return { start: async (context) => ({ ...(await start(context)), ...changes }) };
}

interface ModelChanges extends Omit<Partial<ModelPlatform>, "send"> {
  send?(
    call: Parameters<ModelPlatform["send"]>[0],
    own: ModelPlatform["send"],
  ): ReturnType<ModelPlatform["send"]>;
}

function withModels({ send, ...changes }: ModelChanges): Partial<Definition> {
  return {
    async start(context) {
      const running = await start(context);
      const own = modelsOf(context);
      const changed =
        send === undefined ? {} : { send: (call: Parameters<typeof own.send>[0]) => send(call, own.send) };
      return { ...running, models: { ...own, ...changes, ...changed } };
    },
  };
}

function leakTimer(): Partial<Definition> {
  return {
    start(context) {
      leaked.push(setTimeout(() => undefined, 60_000));
      return start(context);
    },
  };
}

function logSecret(): Partial<Definition> {
  return {
    start(context) {
      context.log.info("sample.started", { header: `Bearer ${context.settings.key.reveal()}` });
      return start(context);
    },
  };
}

function useStrangeMetric(): Partial<Definition> {
  return {
    start(context) {
      try {
        context.metrics.add("strange_total", 1);
      } catch (error) {
        if (!(error instanceof PlatformError)) throw error;
      }
      return start(context);
    },
  };
}

function alwaysWell(): Partial<Definition> {
  return {
    start: async (context) => ({
      models: modelsOf(context),
      health: async () => ({ status: "ok" }),
      stop: async () => undefined,
    }),
  };
}

function answer(url: string, response: ServerResponse): void {
  if (url === "/ready") response.end("ready");
  else if (url === "/chat/m") response.end('{"choices":[]}');
  else response.writeHead(404).end('{"error":{}}');
}

async function listen(one: Server): Promise<string> {
  one.listen(0, "127.0.0.1");
  await once(one, "listening");
  const address = one.address();
  return `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
}
