import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createFakeUpstream, type FakeUpstream, type Fault } from "../fakes/fake-upstream.ts";
import {
  ask,
  chat,
  contentOf,
  eventsOf,
  expectBrokenStream,
  expectCleanSinks,
  expectRefusal,
  metric,
  onlyRow,
} from "./http.ts";
import {
  anthropicIntegration,
  ollamaIntegration,
  openAiIntegration,
  type Platform,
  startPlatform,
} from "./start-platform.ts";
import { breaksAfter, eventsToContent, refusals } from "./stream-fault-cases.ts";

/** Each test has a model of its own, so that none meets the breaker that another one opened. */
const models = Array.from({ length: 50 }, (_, at) => `model-${at}:latest`);
let unused = models.values();

let openai: FakeUpstream;
let ollama: FakeUpstream;
let anthropic: FakeUpstream;
let platform: Platform;

beforeAll(async () => {
  openai = await createFakeUpstream({ dialect: "openai", models });
  ollama = await createFakeUpstream({ dialect: "ollama", models });
  anthropic = await createFakeUpstream({ dialect: "anthropic", models });
  platform = await startPlatform({
    config: {
      gateway: {
        chunk_timeout_seconds: 1,
        first_byte_timeout_seconds: 1,
        finish_grace_seconds: 0.3,
        max_retries: 0,
        breaker: { failures: 1_000 },
      },
      integrations: [
        openAiIntegration("fake", openai.origin),
        ollamaIntegration("lama", ollama.origin),
        anthropicIntegration("cloud", anthropic.origin),
      ].map(patient),
    },
  });
});

beforeEach(() => Promise.all([openai.reset(), ollama.reset(), anthropic.reset()]));

test("none of what the fakes planted is in the log or the metrics", () => expectCleanSinks(platform));

afterAll(async () => {
  await platform.stop();
  await Promise.all([openai.stop(), ollama.stop(), anthropic.stop()]);
});

describe.each([
  ["openai", "fake"],
  ["ollama", "lama"],
  ["anthropic", "cloud"],
] as const)("over an upstream of the dialect %s", (dialect, integration) => {
  const upstream = () => ({ openai, ollama, anthropic })[dialect];
  let model = "";
  beforeAll(() => {
    unused = models.values();
  });
  beforeEach(() => {
    model = freshModel(integration);
  });

  test.each(breaksAfter(eventsToContent[dialect]))(
    "a stream that %s ends in one error event and one row",
    async (_name, fault, code) => {
      const before = await metric(platform, "llm_stream_terminations_total", `"${code}"`);
      upstream().script({ kind: "together", faults: [{ kind: "stream", intervalMs: 20 }, fault] });
      const answer = await chat(platform, model);
      const request = await lastChat(upstream());
      await request.closed;
      expectBrokenStream(answer, code);
      expect(contentOf(answer.text)).not.toBe("");
      const row = await onlyRow(platform, answer.requestId);
      expect(row).toMatchObject({ outcome: code, stream: true, errorCode: code, httpStatus: 200 });
      expect(row.outputTokens).toBeGreaterThan(0);
      expect(row.usageSource).toBe("estimated");
      expect(await metric(platform, "llm_stream_terminations_total", `"${code}"`)).toBe(before + 1);
    },
  );

  test.each(refusals)(
    "a stream that %s is refused with its true status and one row",
    async (_name, fault, status, code) => {
      const before = await metric(platform, "llm_errors_total", `"${code}"`);
      upstream().always(fault);
      const answer = await chat(platform, model);
      const request = await lastChat(upstream());
      await request.closed;
      expectRefusal(answer, { status, code });
      const row = await onlyRow(platform, answer.requestId);
      expect(row).toMatchObject({ errorCode: code, stream: true });
      expect(await metric(platform, "llm_errors_total", `"${code}"`)).toBe(before + 1);
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
    const answer = await chat(platform, model);
    await (await lastChat(upstream())).closed;
    expectBrokenStream(answer, "upstream_incomplete");
    expect(eventsOf(answer.text).length).toBeGreaterThan(500);
    const row = await onlyRow(platform, answer.requestId);
    expect(row).toMatchObject({ outcome: "upstream_incomplete", usageSource: "estimated" });
    expect(row.outputTokens).toBeGreaterThan(500);
  });

  test("S13 of the upstream's headers none passes that is not ours", async () => {
    upstream().script([{ kind: "extra-headers" }, { kind: "extra-headers" }]);
    const streamed = await chat(platform, model);
    const whole = await chat(platform, model, { stream: false });
    for (const answer of [streamed, whole]) {
      expect(answer.status).toBe(200);
      for (const name of [
        "set-cookie",
        "server",
        "x-powered-by",
        "x-api-key",
        "via",
        "access-control-allow-origin",
        "strict-transport-security",
      ]) {
        expect(answer.headers.get(name), name).toBeNull();
      }
      expect(JSON.stringify([...answer.headers])).not.toContain("CANARY");
    }
  });

  test.each([
    ["12", "12"],
    ["0", "0"],
    ["", null],
    ["-1", null],
    ["1.5", null],
    ["12 ms", null],
    ["1234567890", null],
  ])("an upstream's processing time of '%s' reaches the client as %s", async (sent, seen) => {
    upstream().script({ kind: "extra-headers", headers: [["OpenAI-Processing-Ms", sent]] });
    const answer = await chat(platform, model, { stream: false });
    expect(answer.status).toBe(200);
    expect(answer.headers.get("openai-processing-ms")).toBe(seen);
  });

  test("S11 a whole reply without an end is given up at its cap, and the next call is served", async () => {
    upstream().script({ kind: "endless-body" });
    const answer = await chat(platform, model, { stream: false });
    const request = await lastChat(upstream());
    await request.closed;
    expectRefusal(answer, { status: 502, code: "upstream_malformed" });
    expect(request.aborted).toBe(true);
    expect(request.sentBytes).toBeLessThan(100 * 1024 * 1024);
    expect((await onlyRow(platform, answer.requestId)).outcome).toBe("upstream_malformed");
    expect((await chat(platform, model)).status).toBe(200);
  });

  test.each([
    [
      "a bomb of gzip",
      { kind: "compression-bomb", encoding: "gzip", inflatedBytes: 5_000_000 },
      "upstream_malformed",
    ],
    [
      "a bomb of brotli",
      { kind: "compression-bomb", encoding: "br", inflatedBytes: 5_000_000 },
      "upstream_malformed",
    ],
    [
      "a bomb of zstd",
      { kind: "compression-bomb", encoding: "zstd", inflatedBytes: 5_000_000 },
      "upstream_malformed",
    ],
    ["no JSON", { kind: "body", body: "certainly!" }, "upstream_malformed"],
    ["nothing", { kind: "body", body: "" }, "upstream_malformed"],
    ["HTML", { kind: "html" }, "upstream_malformed"],
    ["fewer bytes than promised", { kind: "wrong-length", by: 50 }, "upstream_incomplete"],
    ["headers of 40 KB", { kind: "huge-headers" }, "upstream_malformed"],
  ] satisfies readonly (readonly [string, Fault, string])[])(
    "S08, S11 a whole reply of %s is refused",
    async (_name, fault, code) => {
      upstream().script(fault);
      const answer = await chat(platform, model, { stream: false });
      await lastChat(upstream());
      expectRefusal(answer, { status: 502, code });
      expect(await onlyRow(platform, answer.requestId)).toMatchObject({ outcome: code, stream: false });
    },
  );
});

test("S04 a finish without an end marker is completed after the grace, and the upstream let go", async () => {
  openai.script({ kind: "missing-done" });
  const answer = await chat(platform, freshModel("fake"), { stream_options: { include_usage: true } });
  const request = await lastChat(openai);
  await request.closed;
  expect(request.aborted).toBe(true);
  const events = eventsOf(answer.text);
  expect(events.at(-1)).toBe("[DONE]");
  expect(events.some((event) => JSON.stringify(event).includes('"usage":{'))).toBe(true);
  expect((await onlyRow(platform, answer.requestId)).outcome).toBe("stop");
});

test("S14 a named event that is JSON passes as data, and the stream ends well", async () => {
  openai.script({ kind: "insert-event", events: 2, name: "telemetry", data: '{"cpu":0.5}' });
  const answer = await chat(platform, freshModel("fake"));
  expect(answer.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
  expect(eventsOf(answer.text)).toContainEqual({ cpu: 0.5 });
  expect(eventsOf(answer.text).at(-1)).toBe("[DONE]");
  expect((await onlyRow(platform, answer.requestId)).outcome).toBe("stop");
});

test("S15 an error event hides what came after it, an end marker included", async () => {
  openai.script({
    kind: "together",
    faults: [
      { kind: "stream", intervalMs: 20 },
      { kind: "error-event", events: 3, after: "done" },
    ],
  });
  const answer = await chat(platform, freshModel("fake"));
  expectBrokenStream(answer, "upstream_error");
  expect((await onlyRow(platform, answer.requestId)).outcome).toBe("upstream_error");
});

test("S08 plain JSON in place of a stream is refused", async () => {
  openai.script({ kind: "json-instead-of-stream" });
  const answer = await chat(platform, freshModel("fake"));
  expectRefusal(answer, { status: 502, code: "upstream_malformed" });
  expect((await onlyRow(platform, answer.requestId)).outcome).toBe("upstream_malformed");
});

test.each([
  ["/v1/completions", { prompt: "one two" }],
  ["/v1/embeddings", { input: "one two" }],
  ["/v1/chat/completions", { messages: [] }],
])("S15 what an upstream says about its inside stays there, at %s", async (path, question) => {
  const body = { ...question, model: freshModel("fake") };
  openai.script([
    { kind: "leaky-error" },
    { kind: "leaky-error", status: 401 },
    { kind: "leaky-error", status: 404 },
  ]);
  expectRefusal(await ask(platform, path, { body }), { status: 502, code: "upstream_error" });
  const unauthorised = await ask(platform, path, { body });
  expectRefusal(unauthorised, { status: 502, code: "upstream_auth" });
  expectRefusal(await ask(platform, path, { body }), { status: 404, code: "model_not_found" });
  // The integration is told about the 401; it has to be well again for what follows.
  await ask(platform, "/integrations/fake/restart", { method: "POST", body: {} });
  expect((await ask(platform, "/integrations/fake/status")).json).toMatchObject({ state: "running" });
});

test("S06 a silent upstream does not leave its client without a sign of life", async () => {
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
  const answer = await chat(quiet, freshModel("fake"));
  expect(answer.text).toContain(": keep-alive");
  expectBrokenStream(answer, "upstream_timeout");
  expect((await onlyRow(quiet, answer.requestId)).outcome).toBe("upstream_timeout");
  await quiet.stop();
});

function freshModel(integration: string): string {
  const { value, done } = unused.next();
  if (done === true) throw new Error("the fakes have too few models for this file");
  return `${integration}/${value}`;
}

/** An integration that is not restarted because its calls fail. */
function patient<Entry extends object>(entry: Entry) {
  return { ...entry, retry_config: { max_retries: 100 } };
}

/** The request of the last chat that the fake received. */
async function lastChat(upstream: FakeUpstream) {
  const request = upstream.requests.findLast(({ method }) => method === "POST");
  if (request === undefined) throw new Error("no call came");
  return request;
}
