import { expect } from "vitest";
import { leakedKey, leakedPath } from "../fakes/fault-effects.ts";
import type { LedgerRow, Platform } from "./start-platform.ts";

/** A reply that was read to its end. */
export type Answer = {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The text as JSON; undefined where it is none. */
  readonly json: unknown;
  /** The header `x-request-id`; empty when there is none. */
  readonly requestId: string;
};

/** What a request carries beside its path. */
export type Asking = {
  readonly method?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
};

/** Asks and reads the whole reply. A body makes it a POST of JSON. */
export async function ask(platform: Platform, path: string, asking: Asking = {}): Promise<Answer> {
  const { body, headers } = asking;
  const response = await fetch(platform.url + path, {
    method: asking.method ?? (body === undefined ? "GET" : "POST"),
    headers: { ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  return toAnswer(response);
}

/** Reads a reply to its end, also one that breaks off. */
export async function toAnswer(response: Response): Promise<Answer> {
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    text,
    json: parsed(text),
    requestId: response.headers.get("x-request-id") ?? "",
  };
}

/** The body of a chat that says one thing to a model. */
export function chatBody(
  model: string,
  more: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, unknown>> {
  return { model, messages: [{ role: "user", content: "one two three four five" }], ...more };
}

/** Asks a model to chat, by default over a stream. */
export function chat(
  platform: Platform,
  model: string,
  more: Readonly<Record<string, unknown>> = {},
): Promise<Answer> {
  return ask(platform, "/v1/chat/completions", { body: chatBody(model, { stream: true, ...more }) });
}

/** The data of every event of a stream, JSON where it is JSON. Comments are left out. */
export function eventsOf(text: string): readonly unknown[] {
  return text
    .split("\n")
    .filter((line) => line.startsWith("data:"))
    .map((line) => line.slice(5).trim())
    .map((data) => parsed(data) ?? data);
}

/** The content that a stream of chat chunks carried. */
export function contentOf(text: string): string {
  return eventsOf(text)
    .map((event) => member(member(member(member(event, "choices"), "0"), "delta"), "content"))
    .filter((content) => typeof content === "string")
    .join("");
}

/** A member of a value of unknown form; undefined where there is none. */
export function member(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}

/** What stands at a path in a value of unknown form; undefined where it does not lead there. */
export function at(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce(member, value);
}

/** Expects OpenAI's envelope with its four keys, our id beside them, the same id in the header, and no canary. */
export function expectRefusal(
  answer: Answer,
  expected: { readonly status: number; readonly code: string },
): void {
  expect(answer.json, answer.text).toEqual(envelope(expected.code));
  expect(answer.status, answer.text).toBe(expected.status);
  expect(answer.headers.get("content-type")).toMatch(/^application\/json/);
  expect(answer.requestId).toMatch(/^req_/);
  expect(member(member(answer.json, "error"), "request_id")).toBe(answer.requestId);
  expectNoSecret(answer.text + JSON.stringify([...answer.headers]));
}

/** Expects a stream that began and broke: one error event at its end, no `[DONE]`, and no finish that was made up. */
export function expectBrokenStream(answer: Answer, code: string): void {
  expect(answer.status, answer.text).toBe(200);
  const events = eventsOf(answer.text);
  expect(events.at(-1), answer.text).toEqual(envelope(code));
  expect(events.filter((event) => member(event, "error") !== undefined)).toHaveLength(1);
  expect(events).not.toContain("[DONE]");
  expect(answer.text).not.toMatch(/"finish_reason":\s*"/);
  expect(member(member(events.at(-1), "error"), "request_id")).toBe(answer.requestId);
  expectNoSecret(answer.text);
}

/** Expects that a text has none of the things that the fakes plant. */
export function expectNoSecret(text: string): void {
  for (const secret of [leakedKey, leakedPath, "CANARY", "0x7f3c2a10"]) expect(text).not.toContain(secret);
}

/** Expects that neither what the platform wrote nor what it tells Prometheus has a planted secret. */
export async function expectCleanSinks(platform: Platform): Promise<void> {
  expectNoSecret(platform.log());
  expectNoSecret((await ask(platform, "/metrics")).text);
}

/** The only row of the call in the ledger, and nothing more came after it. */
export async function onlyRow(platform: Platform, requestId: string): Promise<LedgerRow> {
  const rows = await platform.ledgerRows({ count: 1, requestId });
  const [row] = rows;
  if (row === undefined || rows.length > 1)
    throw new Error(`not one row of ${requestId}: ${JSON.stringify(rows)}`);
  return row;
}

/** The sum of a metric's samples whose labels hold all of these texts, for example `outcome="stop"`. */
export async function metric(
  platform: Platform,
  name: string,
  ...labels: readonly string[]
): Promise<number> {
  const { text } = await ask(platform, "/metrics");
  return text
    .split("\n")
    .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
    .filter((line) => labels.every((label) => line.includes(label)))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" "))), 0);
}

function envelope(code: string): unknown {
  const param: unknown = expect.toSatisfy((value) => value === null || typeof value === "string");
  return {
    error: {
      message: expect.stringMatching(/\S/),
      type: expect.stringMatching(/^[a-z_]+$/),
      param,
      code,
      request_id: expect.stringMatching(/^req_/),
    },
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Text that is no JSON is looked at as text.
    return undefined;
  }
}
