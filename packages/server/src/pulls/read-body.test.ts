import { type ByteSink, PlatformError, type ReplyBody } from "@llm-platform/kit";
import { expect, test } from "vitest";
import { readBody } from "./read-body.ts";

const never = new AbortController().signal;

/** A body that a test delivers by hand, and what was asked of it. */
function createBody() {
  const asked: string[] = [];
  const sinks: ByteSink[] = [];
  const body: ReplyBody = {
    read: (sink) => void sinks.push(sink),
    pause: () => void asked.push("pause"),
    resume: () => void asked.push("resume"),
    cancel: () => void asked.push("cancel"),
  };
  const sink: ByteSink = {
    data: (chunk) => sinks[0]?.data(chunk),
    end: () => sinks[0]?.end(),
    fail: (error) => sinks[0]?.fail(error),
  };
  return { body, asked, sink };
}

const piece = (text: string): Uint8Array => new TextEncoder().encode(text);

test("a body is held back while a piece is being taken, and what came meanwhile is taken in its turn", async () => {
  const { body, asked, sink } = createBody();
  const room = Promise.withResolvers<void>();
  const taken: string[] = [];
  const read = readBody(
    body,
    {
      take(bytes) {
        taken.push(new TextDecoder().decode(bytes));
        return taken.length === 1 ? room.promise : undefined;
      },
    },
    never,
  );
  sink.data(piece("a"));
  const shared = piece("b");
  sink.data(shared);
  shared.set(piece("x"));
  expect({ asked, taken }).toEqual({ asked: ["pause"], taken: ["a"] });
  room.resolve();
  await expect.poll(() => asked).toEqual(["pause", "resume"]);
  sink.end();
  await read;
  expect(taken).toEqual(["a", "b"]);
});

test("a body that has ended is not touched any more: its connection may carry another", async () => {
  const { body, asked, sink } = createBody();
  const room = Promise.withResolvers<void>();
  const leaving = new AbortController();
  const read = readBody(body, { take: () => room.promise }, leaving.signal);
  sink.data(piece("a"));
  sink.end();
  leaving.abort(new Error("left"));
  await expect(read).rejects.toThrow("left");
  room.resolve();
  expect(asked).toEqual(["pause"]);
});

test("what came before a break is taken before the break is told", async () => {
  const { body, sink } = createBody();
  const room = Promise.withResolvers<void>();
  const taken: Uint8Array[] = [];
  const read = readBody(
    body,
    {
      take(bytes) {
        taken.push(bytes);
        return taken.length === 1 ? room.promise : undefined;
      },
    },
    never,
  );
  sink.data(piece("a"));
  sink.data(piece("b"));
  sink.fail(new PlatformError("upstream_incomplete", "broke"));
  room.resolve();
  await expect(read).rejects.toMatchObject({ code: "upstream_incomplete" });
  expect(taken).toHaveLength(2);
});

test("a piece that cannot be taken, or the signal, gives the body up", async () => {
  for (const isAbort of [false, true]) {
    const { body, asked, sink } = createBody();
    const leaving = new AbortController();
    const read = readBody(
      body,
      {
        take() {
          throw new Error("no room");
        },
      },
      leaving.signal,
    );
    if (isAbort) leaving.abort(new Error("left"));
    else sink.data(piece("a"));
    await expect(read).rejects.toThrow(isAbort ? "left" : "no room");
    expect(asked).toEqual(["cancel"]);
  }
});
