import { type ByteSink, type ModelEvent, PlatformError, type ReplyDecoder } from "@llm-platform/kit";
import { describe, expect, test } from "vitest";
import { EventFlow } from "./event-flow.ts";

/** Each byte is an event; 0 cannot be read. */
const byteDecoder = (): ReplyDecoder => ({
  push: (chunk) =>
    [...chunk].map((byte) => {
      if (byte === 0) throw new PlatformError("upstream_malformed", "The upstream sent a zero.");
      return deltaOf(byte);
    }),
  end: () => [{ type: "end" }],
});

function deltaOf(byte: number): ModelEvent {
  return { type: "delta", choice: 0, content: String(byte) };
}

/** A reply of which each byte comes when the test says so. */
function open() {
  const body = { sink: undefined as ByteSink | undefined, pauses: 0, resumes: 0 };
  const calls = { givenUp: 0, over: 0 };
  const flow = new EventFlow({
    decoder: byteDecoder(),
    body: {
      read: (sink) => {
        body.sink = sink;
      },
      pause: () => void body.pauses++,
      resume: () => void body.resumes++,
      cancel: () => undefined,
    },
    giveUp: () => void calls.givenUp++,
    onOver: () => void calls.over++,
  });
  return { flow, body, calls, sink: body.sink ?? unread() };
}

function unread(): never {
  throw new Error("the flow has not begun to read");
}

async function gather(flow: AsyncIterable<ModelEvent>): Promise<readonly ModelEvent[]> {
  const events: ModelEvent[] = [];
  for await (const event of flow) events.push(event);
  return events;
}

describe("the events of a reply", () => {
  test("come in order, those of the decoder's end too, and the caller's signal is let go of", async () => {
    const { flow, sink, calls } = open();
    sink.data(Buffer.from([1, 2]));
    const gathered = gather(flow);
    sink.data(Buffer.from([3]));
    sink.end();
    expect(await gathered).toEqual([deltaOf(1), deltaOf(2), deltaOf(3), { type: "end" }]);
    expect(calls).toEqual({ givenUp: 0, over: 1 });
  });

  test("are followed by the error of a reply that was cut, once", async () => {
    const { flow, sink, calls } = open();
    sink.data(Buffer.from([1]));
    sink.fail(new PlatformError("upstream_incomplete", "It was cut."));
    expect(await flow.next()).toEqual({ done: false, value: deltaOf(1) });
    await expect(flow.next()).rejects.toThrow("It was cut.");
    expect(await flow.next()).toEqual({ done: true, value: undefined });
    expect(calls).toEqual({ givenUp: 0, over: 1 });
  });

  test("end with what cannot be read, and the call is given up", async () => {
    const { flow, sink, calls } = open();
    sink.data(Buffer.from([0]));
    await expect(flow.next()).rejects.toThrow("The upstream sent a zero.");
    expect(calls).toEqual({ givenUp: 1, over: 1 });
  });

  test("give the call up when nobody wants the rest", async () => {
    const { flow, sink, calls } = open();
    sink.data(Buffer.from([1, 2, 3]));
    for await (const event of flow) {
      expect(event).toEqual(deltaOf(1));
      break;
    }
    sink.data(Buffer.from([4]));
    sink.end();
    expect(await flow.next()).toEqual({ done: true, value: undefined });
    expect(calls).toEqual({ givenUp: 1, over: 1 });
  });

  test("hold the upstream back while more than 64 wait, until they are fetched", async () => {
    const { flow, sink, body } = open();
    sink.data(Buffer.alloc(64, 1));
    expect(body.pauses).toBe(0);
    sink.data(Buffer.alloc(2, 1));
    expect([body.pauses, body.resumes]).toEqual([1, 0]);
    for (let each = 0; each < 65; each++) await flow.next();
    expect(body.resumes).toBe(0);
    await flow.next();
    expect(body.resumes).toBe(1);
  });
});
