import { atTheEnd, insertAfterEvents, repeated } from "./delivery.ts";
import type { StreamFault } from "./fault.ts";
import { isObject, type JsonObject, listOf, objectOf, parseJson } from "./json-read.ts";
import type { Body, Piece, Reply, StreamEvent } from "./reply.ts";
import { bodyPieces } from "./reply-wire.ts";
import type { Voice } from "./voice.ts";

type Events = readonly StreamEvent[];
type EventBody = Body & { readonly type: "events" };

const defaultHugeLineBytes = 100 * 1024 * 1024;

function asObject(event: StreamEvent | undefined): JsonObject {
  return objectOf(parseJson(event?.data ?? "")?.value);
}

/** Where the event list is to be cut so that `count` events, comments not counted, come before. */
function placeAfter(events: Events, count: number): number {
  let seen = 0;
  for (const [at, event] of events.entries()) {
    if (seen >= count) return at;
    if (event.isComment !== true) seen += 1;
  }
  return events.length;
}

function insertAfter(events: Events, count: number, added: Events): Events {
  const place = placeAfter(events, count);
  return [...events.slice(0, place), ...added, ...events.slice(place)];
}

function plainEvent(data: string, name?: string): StreamEvent {
  return { role: "other", data, delayMs: 0, ...(name === undefined ? {} : { name }) };
}

/** The members in which either dialect counts tokens. */
const usageMembers = [
  "usage",
  "timings",
  "prompt_eval_count",
  "prompt_eval_duration",
  "eval_count",
  "eval_duration",
];

function withoutUsage(event: StreamEvent): StreamEvent {
  if (!usageMembers.some((member) => event.data.includes(`"${member}"`))) return event;
  const kept = Object.entries(asObject(event)).filter(([member]) => !usageMembers.includes(member));
  return { ...event, data: JSON.stringify(Object.fromEntries(kept)) };
}

function usageIntoFinish(events: Events): Events {
  const usage = asObject(events.find((event) => event.role === "usage")).usage;
  if (usage === undefined) return events;
  return events
    .filter((event) => event.role !== "usage")
    .map((event) =>
      event.role === "finish" ? { ...event, data: JSON.stringify({ ...asObject(event), usage }) } : event,
    );
}

/** The event with another delta (OpenAI, Anthropic) or message (Ollama) in it. */
function withDelta(event: StreamEvent, delta: JsonObject): StreamEvent {
  const value = asObject(event);
  if (value.type === "content_block_delta")
    return {
      ...event,
      data: JSON.stringify({ ...value, delta: { type: "text_delta", text: delta.content } }),
    };
  const [choice] = listOf(value.choices);
  if (!isObject(choice))
    return { ...event, data: JSON.stringify({ ...value, message: { role: "assistant", ...delta } }) };
  const isText = "text" in choice;
  const changed = isText ? { ...choice, text: delta.content ?? "" } : { ...choice, delta };
  return { ...event, data: JSON.stringify({ ...value, choices: [changed] }) };
}

function strangeEvents(events: Events): Events {
  const model = events.find((event) => event.role === "content") ?? events[0];
  if (model === undefined) return events;
  const isChat = "choices" in asObject(model);
  const call = { name: "delete_everything", arguments: isChat ? "{}" : {} };
  const toolCall = isChat
    ? { index: 0, id: "call_unknown", type: "function", function: call }
    : { function: call };
  return insertAfter(events, 2, [
    plainEvent('{"cpu":0.5}', "telemetry"),
    withDelta(model, { content: "<script>alert('fake')</script><img src=x onerror=alert(1)>" }),
    withDelta(model, { content: "", tool_calls: [toolCall] }),
    plainEvent("not json at all", "heartbeat"),
  ]);
}

function endless(body: EventBody, intervalMs: number): Body {
  const token = body.events.find((event) => event.role === "content") ?? plainEvent("{}");
  const opening = body.events.slice(0, placeAfter(body.events, 1));
  const one = [
    ...bodyPieces({ ...body, events: [token], style: { ...body.style, hasByteOrderMark: false } }),
  ];
  const bytes = Buffer.concat(one.flatMap((piece) => (piece.type === "data" ? [piece.bytes] : [])));
  const pieces = function* (): Generator<Piece> {
    yield* bodyPieces({ ...body, events: opening });
    yield* repeated(bytes, undefined, intervalMs === 0 ? undefined : intervalMs);
  };
  return { type: "pieces", pieces: pieces() };
}

function* hugeLine(body: EventBody, bytes: number): Generator<Piece> {
  const prefix = body.format === "sse" ? 'data: {"x":"' : '{"x":"';
  yield { type: "data", bytes: Buffer.from(prefix), isEvent: false };
  for (const piece of repeated(Buffer.alloc(64 * 1024, "a"), bytes)) {
    yield piece.type === "data" ? { ...piece, isEvent: false } : piece;
  }
  yield { type: "data", bytes: Buffer.from(body.format === "sse" ? '"}\n\n' : '"}\n'), isEvent: true };
}

function errorEvents(body: EventBody, fault: StreamFault & { kind: "error-event" }, voice: Voice): Events {
  const message = fault.message ?? "The model stopped because of an internal error.";
  const error = plainEvent(voice.errorText(500, message), fault.isNamed === true ? "error" : undefined);
  const before = body.events.slice(0, placeAfter(body.events, fault.events));
  return [...before, error, ...(fault.after === "done" ? [plainEvent("[DONE]")] : [])];
}

/** Applies a fault of a stream. A reply that is no stream stays as it is. */
export function applyStreamFault(fault: StreamFault, reply: Reply, voice: Voice): Reply {
  const { body } = reply;
  if (body.type !== "events") return reply;
  const { events } = body;
  const withEvents = (next: Events): Reply => ({ ...reply, body: { ...body, events: next } });
  const ending = (result: Reply, last: readonly Piece[]): Reply => {
    return { ...result, delivery: [...result.delivery, atTheEnd(last)] };
  };
  switch (fault.kind) {
    case "missing-finish":
      return withEvents(events.filter((event) => event.role !== "finish"));
    case "missing-done": {
      const without = withEvents(events.filter((event) => event.role !== "done"));
      return fault.after === "end" ? without : ending(without, [{ type: "hang" }]);
    }
    case "duplicate-finish":
      return withEvents(events.flatMap((event) => (event.role === "finish" ? [event, event] : [event])));
    case "usage-in-finish":
      return withEvents(usageIntoFinish(events));
    case "no-usage":
      return withEvents(events.filter((event) => event.role !== "usage").map(withoutUsage));
    case "error-event": {
      const failed = withEvents(errorEvents(body, fault, voice));
      if (fault.after === "silence") return ending(failed, [{ type: "hang" }]);
      return fault.after === "reset" ? ending(failed, [{ type: "reset" }]) : failed;
    }
    case "invalid-json":
      return withEvents(
        insertAfter(events, fault.events, [
          plainEvent('{"id":"x","choices":[{"index":0,"delta":{"content":"br'),
        ]),
      );
    case "insert-event":
      return withEvents(insertAfter(events, fault.events, [plainEvent(fault.data, fault.name)]));
    case "huge-line": {
      const line = hugeLine(body, fault.bytes ?? defaultHugeLineBytes);
      return { ...reply, delivery: [...reply.delivery, insertAfterEvents(fault.events, line)] };
    }
    case "strange-events":
      return withEvents(strangeEvents(events));
    case "endless-stream":
      return { ...reply, body: endless(body, fault.intervalMs ?? 0) };
    case "comments":
      if (body.format === "ndjson") return reply;
      return withEvents(
        events.flatMap((event) => [{ role: "other", data: "ping", isComment: true, delayMs: 0 }, event]),
      );
    case "sse-style":
      return { ...reply, body: { ...body, style: { ...body.style, ...fault.style } } };
    default:
      throw new Error(`the fake knows no fault like ${JSON.stringify(fault satisfies never)}`);
  }
}
