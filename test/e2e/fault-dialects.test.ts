import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createFakeUpstream, type FakeUpstream } from "../fakes/fake-upstream.ts";
import { type Answer, ask, eventsOf, expectCleanSinks, expectNoSecret, member, onlyRow } from "./http.ts";
import { ollamaIntegration, openAiIntegration, type Platform, startPlatform } from "./start-platform.ts";
import { breaksAfter, eventsToContent, refusals } from "./stream-fault-cases.ts";

const models = Array.from({ length: 60 }, (_, at) => `model-${at}:latest`);
let unused = models.values();

let openai: FakeUpstream;
let ollama: FakeUpstream;
let platform: Platform;

beforeAll(async () => {
  openai = await createFakeUpstream({ dialect: "openai", models });
  ollama = await createFakeUpstream({ dialect: "ollama", models });
  platform = await startPlatform({
    config: {
      gateway: {
        chunk_timeout_seconds: 1,
        first_byte_timeout_seconds: 1,
        finish_grace_seconds: 0.3,
        max_retries: 0,
        breaker: { failures: 1_000 },
      },
      integrations: [openAiIntegration("fake", openai.origin), ollamaIntegration("lama", ollama.origin)].map(
        (entry) => ({ ...entry, retry_config: { max_retries: 100 } }),
      ),
    },
  });
});

beforeEach(() => Promise.all([openai.reset(), ollama.reset()]));

test("none of what the fakes planted is in the log or the metrics", () => expectCleanSinks(platform));

afterAll(async () => {
  await platform.stop();
  await Promise.all([openai.stop(), ollama.stop()]);
});

const question = "one two three four five";

/** How a client speaks, and how it can tell what a stream came to. */
interface Client {
  readonly name: string;
  ask(model: string, stream: boolean): Promise<Answer>;
  /** The text that came. */
  contentOf(text: string): string;
  expectBroken(answer: Answer, code: string): void;
  expectRefused(answer: Answer, code: string): void;
  expectComplete(text: string): void;
}

const ollamaLines = (text: string): readonly unknown[] =>
  text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => JSON.parse(line));

const clients: readonly Client[] = [
  {
    name: "Ollama's API",
    ask: (model, stream) =>
      ask(platform, "/api/chat", {
        body: { model, stream, messages: [{ role: "user", content: question }] },
      }),
    contentOf: (text) =>
      ollamaLines(text)
        .map((line) => member(member(line, "message"), "content") ?? "")
        .join(""),
    expectBroken({ status, text, requestId }, code) {
      expect(status).toBe(200);
      const lines = ollamaLines(text);
      expect(lines.at(-1)).toEqual({ error: expect.stringMatching(/\S/), code, request_id: requestId });
      expect(lines.filter((line) => member(line, "error") !== undefined)).toHaveLength(1);
      expect(text).not.toMatch(/"done":\s*true|done_reason/);
    },
    expectRefused({ json, requestId }, code) {
      expect(json).toEqual({ error: expect.stringMatching(/\S/), code, request_id: requestId });
    },
    expectComplete: (text) =>
      expect(ollamaLines(text).at(-1)).toMatchObject({ done: true, done_reason: "stop" }),
  },
  {
    name: "the Responses API",
    ask: (model, stream) => ask(platform, "/v1/responses", { body: { model, stream, input: question } }),
    contentOf: (text) =>
      eventsOf(text)
        .filter((event) => member(event, "type") === "response.output_text.delta")
        .map((event) => member(event, "delta"))
        .join(""),
    expectBroken({ status, text }, code) {
      expect(status).toBe(200);
      const [failed, error] = eventsOf(text).slice(-2);
      expect(member(failed, "response")).toMatchObject({ status: "failed", store: false });
      expect(error).toMatchObject({ type: "error", code, message: expect.stringMatching(/\S/) });
      expect(text).not.toMatch(/event: response\.(?:completed|incomplete)/);
    },
    expectRefused({ json, requestId }, code) {
      expect(json).toMatchObject({ error: { code, request_id: requestId } });
    },
    expectComplete: (text) => expect(eventsOf(text).at(-1)).toMatchObject({ type: "response.completed" }),
  },
];

describe.each(
  clients.flatMap((client) => [
    { client, name: `${client.name} over an upstream that speaks OpenAI's`, integration: "fake" },
    { client, name: `${client.name} over an upstream that speaks Ollama's`, integration: "lama" },
  ]),
)("by $name", ({ client, integration }) => {
  const upstream = () => (integration === "fake" ? openai : ollama);
  let model = "";
  beforeAll(() => {
    unused = models.values();
  });
  beforeEach(() => {
    model = `${integration}/${unused.next().value ?? ""}`;
  });

  test.each(breaksAfter(eventsToContent.openai))(
    "a stream that %s ends in an error and one row",
    async (_name, fault, code) => {
      upstream().script({ kind: "together", faults: [{ kind: "stream", intervalMs: 20 }, fault] });
      const answer = await client.ask(model, true);
      await lastCall(upstream()).closed;
      client.expectBroken(answer, code);
      expectNoSecret(answer.text);
      expect(client.contentOf(answer.text)).not.toBe("");
      expect(await onlyRow(platform, answer.requestId)).toMatchObject({
        outcome: code,
        stream: true,
        errorCode: code,
        httpStatus: 200,
      });
    },
  );

  test.each(refusals)(
    "a stream that %s is refused with its true status",
    async (_name, fault, status, code) => {
      upstream().always(fault);
      const answer = await client.ask(model, true);
      await lastCall(upstream()).closed;
      expect(answer.status, answer.text).toBe(status);
      client.expectRefused(answer, code);
      expectNoSecret(answer.text + JSON.stringify([...answer.headers]));
      expect(await onlyRow(platform, answer.requestId)).toMatchObject({ errorCode: code, stream: true });
    },
  );

  test("S02 a stream that is reset after a thousand events has what came and one error", async () => {
    upstream().script({
      kind: "together",
      faults: [
        { kind: "stream", chunks: 2_000 },
        { kind: "reset-after-events", events: 1_000 },
      ],
    });
    const answer = await client.ask(model, true);
    client.expectBroken(answer, "upstream_incomplete");
    // What waited in the connection when it was reset is lost to a client that is held back.
    expect(client.contentOf(answer.text).length).toBeGreaterThan(100);
    expect((await onlyRow(platform, answer.requestId)).outputTokens).toBeGreaterThan(100);
  });

  test.each([
    ["no JSON", { kind: "body", body: "certainly!" }, "upstream_malformed"],
    ["HTML", { kind: "html" }, "upstream_malformed"],
    ["fewer bytes than promised", { kind: "wrong-length", by: 50 }, "upstream_incomplete"],
  ] as const)("S08 a whole reply of %s is refused", async (_name, fault, code) => {
    upstream().script(fault);
    const answer = await client.ask(model, false);
    expect(answer.status, answer.text).toBe(502);
    client.expectRefused(answer, code);
    expect(await onlyRow(platform, answer.requestId)).toMatchObject({ outcome: code, stream: false });
  });

  test("S13 of the upstream's headers none passes that is not ours", async () => {
    upstream().always({ kind: "extra-headers" });
    for (const stream of [true, false]) {
      const answer = await client.ask(model, stream);
      expect(answer.status).toBe(200);
      for (const name of ["set-cookie", "server", "x-powered-by", "x-api-key", "via"])
        expect(answer.headers.get(name), name).toBeNull();
      expect(JSON.stringify([...answer.headers])).not.toContain("CANARY");
    }
  });
});

test.each(clients)(
  "S04 a finish without an end marker is completed after the grace: $name",
  async (client) => {
    openai.script({ kind: "missing-done" });
    const answer = await client.ask("fake/model-1:latest", true);
    client.expectComplete(answer.text);
    expect((await onlyRow(platform, answer.requestId)).outcome).toBe("stop");
  },
);

test("S06 a silent upstream does not leave a response's client without a sign of life", async () => {
  const quiet = await startPlatform({
    config: {
      gateway: {
        heartbeat_seconds: 1,
        header_hold_seconds: 0.2,
        first_byte_timeout_seconds: 2.5,
        max_retries: 0,
      },
      integrations: [openAiIntegration("fake", openai.origin)],
    },
  });
  openai.script({ kind: "hang" });
  const body = { model: "fake/model-2:latest", input: question, stream: true };
  const answer = await ask(quiet, "/v1/responses", { body });
  expect(answer.text).toMatch(/^event: response\.created/);
  expect(answer.text).toContain(": keep-alive");
  clients[1]?.expectBroken(answer, "upstream_timeout");
  await quiet.stop();
});

function lastCall(upstream: FakeUpstream) {
  const request = upstream.requests.findLast(({ method }) => method === "POST");
  if (request === undefined) throw new Error("no call came");
  return request;
}
