import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createFakeUpstream, type FakeUpstream } from "../fakes/fake-upstream.ts";
import { type Answer, ask, eventsOf, expectCleanSinks, expectNoSecret, member, onlyRow } from "./http.ts";
import {
  anthropicIntegration,
  ollamaIntegration,
  openAiIntegration,
  type Platform,
  startPlatform,
} from "./start-platform.ts";
import { breaksAfter, eventsToContent, refusals } from "./stream-fault-cases.ts";

/** Each test has a model of its own, so that none meets the breaker that another one opened. */
const models = Array.from({ length: 150 }, (_, at) => `model-${at}:latest`);
const unused = models.values();

let upstreams: Readonly<Record<keyof typeof eventsToContent, FakeUpstream>>;
let platform: Platform;

beforeAll(async () => {
  const [openai, ollama, anthropic] = await Promise.all([
    createFakeUpstream({ dialect: "openai", models }),
    createFakeUpstream({ dialect: "ollama", models }),
    createFakeUpstream({ dialect: "anthropic", models }),
  ]);
  upstreams = { openai, ollama, anthropic };
  const integrations = [
    openAiIntegration("openai", openai.origin),
    ollamaIntegration("ollama", ollama.origin),
    anthropicIntegration("anthropic", anthropic.origin),
  ];
  platform = await startPlatform({
    config: {
      gateway: {
        chunk_timeout_seconds: 1,
        first_byte_timeout_seconds: 1,
        finish_grace_seconds: 0.3,
        header_hold_seconds: 10,
        max_retries: 0,
        breaker: { failures: 1_000 },
      },
      integrations: integrations.map((entry) => ({ ...entry, retry_config: { max_retries: 100 } })),
    },
  });
});

beforeEach(() => Promise.all(Object.values(upstreams).map((upstream) => upstream.reset())));

afterAll(async () => {
  await platform?.stop();
  await Promise.all(Object.values(upstreams ?? {}).map((upstream) => upstream.stop()));
});

const headers = { "anthropic-version": "2023-06-01" };

function say(model: string, more: Readonly<Record<string, unknown>> = {}): Promise<Answer> {
  const messages = [{ role: "user", content: "one two three four five" }];
  return ask(platform, "/v1/messages", {
    body: { model, max_tokens: 5_000, stream: true, messages, ...more },
    headers,
  });
}

function freshModel(integration: string): string {
  const { value, done } = unused.next();
  if (done === true) throw new Error("the fakes have too few models for this file");
  return `${integration}/${value}`;
}

const typesOf = (answer: Answer) => eventsOf(answer.text).map((event) => member(event, "type"));

function expectEnvelope(value: unknown, code: string, requestId: string): void {
  expect(value).toMatchObject({
    type: "error",
    error: { type: expect.stringMatching(/^[a-z_]+$/), message: expect.stringMatching(/\S/), code },
    request_id: requestId,
  });
}

/** Expects a stream that began and broke: one error event at its end, and no end that was made up. */
function expectBroken(answer: Answer, code: string): void {
  expect(answer.status, answer.text).toBe(200);
  const types = typesOf(answer);
  expectEnvelope(eventsOf(answer.text).at(-1), code, answer.requestId);
  expect(types.filter((type) => type === "error")).toHaveLength(1);
  expect(types[0]).toBe("message_start");
  expect(types).not.toContain("message_stop");
  expect(answer.text).not.toMatch(/"stop_reason":\s*"/);
  expect(answer.text).toMatch(/\nevent: error\ndata: \{[^\n]*\}\n\n$/);
  expectNoSecret(answer.text);
}

describe.each(["openai", "ollama", "anthropic"] as const)(
  "a client of Anthropic's API over %s",
  (dialect) => {
    test.each(breaksAfter(eventsToContent[dialect]))(
      "a stream that %s ends in one error event and one row",
      async (_name, fault, code) => {
        upstreams[dialect].script({ kind: "together", faults: [{ kind: "stream", intervalMs: 20 }, fault] });
        const answer = await say(freshModel(dialect));
        expectBroken(answer, code);
        expect(answer.text).toContain("text_delta");
        const row = await onlyRow(platform, answer.requestId);
        expect(row).toMatchObject({ outcome: code, stream: true, errorCode: code, usageSource: "estimated" });
        expect(row.outputTokens).toBeGreaterThan(0);
        expect(row.inputTokens).toBeGreaterThan(0);
      },
    );

    test.each(refusals)(
      "a stream that %s is refused with its true status and one row",
      async (_name, fault, status, code) => {
        upstreams[dialect].always(fault);
        const answer = await say(freshModel(dialect));
        expect(answer.status, answer.text).toBe(status);
        expectEnvelope(answer.json, code, answer.requestId);
        expect(answer.headers.get("request-id")).toBe(answer.requestId);
        expectNoSecret(answer.text + JSON.stringify([...answer.headers]));
        expect(await onlyRow(platform, answer.requestId)).toMatchObject({ errorCode: code, stream: true });
      },
    );

    test("S04 a finish without an end marker is completed after the grace", async () => {
      upstreams[dialect].script({ kind: "missing-done" });
      const answer = await say(freshModel(dialect));
      expect(typesOf(answer).slice(-2)).toEqual(["message_delta", "message_stop"]);
      expect((await onlyRow(platform, answer.requestId)).outcome).toBe("stop");
    });

    test("S13 of the upstream's headers none passes that is not ours", async () => {
      upstreams[dialect].script([{ kind: "extra-headers" }, { kind: "extra-headers" }]);
      for (const answer of [
        await say(freshModel(dialect)),
        await say(freshModel(dialect), { stream: false }),
      ]) {
        expect(answer.status).toBe(200);
        for (const name of ["set-cookie", "server", "x-powered-by", "x-api-key", "anthropic-organization-id"])
          expect(answer.headers.get(name), name).toBeNull();
        expect(answer.headers.get("request-id")).toBe(answer.requestId);
        expectNoSecret(JSON.stringify([...answer.headers]));
      }
    });

    test.each([
      ["no JSON", { kind: "body", body: "certainly!" }],
      ["nothing", { kind: "body", body: "" }],
      ["no object", { kind: "body", body: "[]" }],
      ["HTML", { kind: "html" }],
      ["an endless body", { kind: "endless-body" }],
    ] as const)("S08, S11 a whole reply of %s is refused", async (_name, fault) => {
      upstreams[dialect].script(fault);
      const answer = await say(freshModel(dialect), { stream: false });
      expect(answer.status).toBe(502);
      expectEnvelope(answer.json, "upstream_malformed", answer.requestId);
    });
  },
);

test("S06 a silent upstream does not leave its client without a sign of life", async () => {
  const { openai } = upstreams;
  const quiet = await startPlatform({
    config: {
      gateway: {
        heartbeat_seconds: 1,
        header_hold_seconds: 0.2,
        first_byte_timeout_seconds: 2.5,
        max_retries: 0,
      },
      integrations: [openAiIntegration("openai", openai.origin)],
    },
  });
  openai.script({ kind: "hang" });
  const body = {
    model: freshModel("openai"),
    max_tokens: 5,
    stream: true,
    messages: [{ role: "user", content: "a" }],
  };
  const answer = await ask(quiet, "/v1/messages", { body, headers });
  const types = typesOf(answer);
  expect(types.slice(0, -1).every((type) => type === "ping")).toBe(true);
  expect(types.length).toBeGreaterThan(1);
  expectEnvelope(eventsOf(answer.text).at(-1), "upstream_timeout", answer.requestId);
  await quiet.stop();
});

test("none of what the fakes planted is in the log or the metrics", () => expectCleanSinks(platform));
