import { type JsonObject, PlatformError } from "@llm-platform/kit";
import { describe, expect, it } from "vitest";
import { clientDialectOf } from "../../packages/server/src/gateway/dialects/client-dialects.ts";
import { TranscodingReader } from "../../packages/server/src/gateway/transcoding-reader.ts";
import { conversations } from "./conversations.ts";
import {
  type Meaning,
  type Speaker,
  speakers,
  toBytes,
  toClientBody,
  toEvents,
  toMeaning,
} from "./speakers.ts";

const pairs = Object.entries(speakers).flatMap(([client, from]) =>
  Object.entries(speakers).map(([platform, to]) => ({ client, platform, from, to })),
);
const cases = Object.entries(conversations).map(([name, conversation]) => ({ name, ...conversation }));

function encodeFor({ codec }: Speaker, request: JsonObject): unknown {
  const bytes = codec.encodeRequest({ operation: "chat", request, model: "theirs", stream: true });
  return JSON.parse(Buffer.from(bytes).toString("utf8"));
}

/** What the client's own decoder reads of a reply that the gateway passed from the platform's dialect to the client's. */
function passThrough(from: Speaker, to: Speaker, reply: Buffer, stream: boolean) {
  const decoder = to.codec.createReplyDecoder({ operation: "chat", stream, estimatedInputTokens: 1 });
  const encoder = from.client.createReplyEncoder({
    operation: "chat",
    stream,
    requestId: "req_2",
    model: "alias",
    request: { stream_options: { include_usage: true } },
    nowMs: () => 0,
  });
  const reader = new TranscodingReader(decoder, encoder);
  const pieces = [reader.push(reply), reader.finish()].filter((piece) => piece !== undefined);
  if (reader.facts.isComplete(1)) pieces.push(reader.terminalFrames() ?? Buffer.alloc(0));
  return { facts: reader.facts, meaning: toMeaning(toEvents(from, pieces, stream)) };
}

/** What both sides have words for. */
function answerableOf(meaning: Meaning, from: Speaker, to: Speaker): Meaning {
  const said = to.answerable?.(meaning) ?? meaning;
  return from.answerable?.(said) ?? said;
}

describe.each(pairs)("a client that speaks $client, a platform that speaks $platform", ({ from, to }) => {
  it.each(cases)("the platform is asked the same: $name", ({ request }) => {
    const body = toClientBody(from, request, true);
    const sayable = from.sayable?.(request) ?? request;
    expect(encodeFor(to, from.client.decodeRequest("chat", body))).toEqual(encodeFor(to, sayable));
  });

  it.each(cases)("the client is answered the same, as a stream: $name", ({ events }) => {
    const { facts, meaning } = passThrough(from, to, toBytes(to, events, { stream: true }), true);
    expect(answerableOf(meaning, from, to)).toMatchObject(answerableOf(toMeaning(events), from, to));
    expect(facts).toMatchObject({ isDone: true, error: undefined });
    expect(facts.usage).toMatchObject({ inputTokens: 12, outputTokens: 7 });
  });

  it.each(cases)("the client is answered the same, as a whole: $name", ({ events }) => {
    const { meaning } = passThrough(from, to, toBytes(to, events, { stream: false }), false);
    expect(answerableOf(meaning, from, to)).toMatchObject(answerableOf(toMeaning(events), from, to));
  });

  it.each(cases.filter(({ events }) => events.length > 3))(
    "a stream that is cut ends without an end: $name",
    ({ events }) => {
      const begun = events.filter(({ type }) => type === "delta");
      const { facts, meaning } = passThrough(
        from,
        to,
        toBytes(to, begun, { stream: true, isCut: true }),
        true,
      );
      expect(facts.isComplete(1)).toBe(false);
      expect(meaning).toMatchObject({ isEnded: false, finish: undefined });
    },
  );

  it("an error in the stream is an error, and nothing of it reaches the client", () => {
    const begun = toBytes(to, [{ type: "delta", choice: 0, content: "Hel" }], { stream: true, isCut: true });
    const { error } = errorFrames[to.codec.dialect] ?? { error: "" };
    const { facts, meaning } = passThrough(from, to, Buffer.concat([begun, Buffer.from(error)]), true);
    expect(facts.error).toBeInstanceOf(PlatformError);
    expect(meaning).toMatchObject({ content: "Hel", isEnded: false, finish: undefined });
  });
});

const errorFrames: Readonly<Record<string, { readonly error: string }>> = {
  ollama: { error: '{"error":"secret"}\n' },
  openai: { error: 'data: {"error":{"message":"secret","type":"server_error"}}\n\n' },
  anthropic: {
    error: 'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"secret"}}\n\n',
  },
};

it("every dialect that clients may speak is in this table, or has no codec of its own", () => {
  for (const name of Object.keys(speakers)) expect(clientDialectOf(name).dialect).toBe(name);
});
