import { describe, expect, test } from "vitest";
import { type ChatChunk, readChatStream } from "./chat-stream.ts";
import { ClientError } from "./client-error.ts";

const encoder = new TextEncoder();

/** An answer whose body comes in these pieces, and fails with `failure` after them. */
function answer(pieces: readonly (string | Uint8Array<ArrayBuffer>)[], failure?: Error): Response {
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start(controller) {
      for (const piece of pieces)
        controller.enqueue(typeof piece === "string" ? encoder.encode(piece) : piece);
      if (failure === undefined) controller.close();
    },
    pull(controller) {
      controller.error(failure);
    },
  });
  return new Response(body, { headers: { "x-request-id": "req_1" } });
}

function event(value: unknown): string {
  return `data: ${JSON.stringify(value)}\n\n`;
}

function text(content: string, more: object = {}): string {
  return event({ choices: [{ delta: { content }, finish_reason: null, ...more }] });
}

async function readAll(response: Response): Promise<readonly ChatChunk[]> {
  const chunks: ChatChunk[] = [];
  for await (const chunk of readChatStream(response)) chunks.push(chunk);
  return chunks;
}

async function failureOf(response: Response): Promise<unknown> {
  return readAll(response).catch((error: unknown) => error);
}

describe("readChatStream", () => {
  test("gives content, the end and the usage", async () => {
    const usage = { prompt_tokens: 3, completion_tokens: 2 };
    const chunks = await readAll(
      answer([
        text("Hel"),
        text("lo", { finish_reason: "stop" }),
        event({ choices: [], usage }),
        "data: [DONE]\n\n",
      ]),
    );
    expect(chunks.map(({ content }) => content)).toEqual(["Hel", "lo", ""]);
    expect(chunks[1]?.finishReason).toBe("stop");
    expect(chunks[2]?.usage).toEqual(usage);
  });

  test("gives the pieces of function calls, and each piece as it came", async () => {
    const call = { index: 1, id: "call_1", function: { name: "add", arguments: '{"a"' } };
    const first = event({ choices: [{ delta: { tool_calls: [call] } }] });
    const more = event({ choices: [{ delta: { tool_calls: [{ function: { arguments: ":1}" } }] } }] });
    const chunks = await readAll(answer([first, more, "data: [DONE]\n\n"]));
    expect(chunks.map(({ toolCalls }) => toolCalls)).toEqual([
      [{ index: 1, id: "call_1", name: "add", arguments: '{"a"' }],
      [{ index: 0, id: undefined, name: undefined, arguments: ":1}" }],
    ]);
    expect(chunks.map(({ raw }) => `data: ${raw}\n\n`)).toEqual([first, more]);
  });

  test("reads the same however the bytes are cut, comments and carriage returns included", async () => {
    const bytes = encoder.encode(`: keep-alive\r\n\r\n${text("Grüße 👋")}${text("!")}data: [DONE]\r\n\r\n`);
    for (const size of [1, 2, 3, 7, bytes.length]) {
      const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) =>
        bytes.slice(at * size, (at + 1) * size),
      );
      const chunks = await readAll(answer(pieces));
      expect(chunks.map(({ content }) => content)).toEqual(["Grüße 👋", "!"]);
    }
  });

  test("throws an error that the stream holds, with its code and the request", async () => {
    const error = await failureOf(
      answer([
        text("Hel"),
        event({ error: { message: "The upstream broke off.", code: "upstream_incomplete" } }),
      ]),
    );
    expect(error).toBeInstanceOf(ClientError);
    expect(error).toMatchObject({
      kind: "unavailable",
      message: "The upstream broke off.",
      code: "upstream_incomplete",
      requestId: "req_1",
    });
  });

  test.each([
    { name: "ends without its end marker", response: () => answer([text("Hel")]), kind: "unavailable" },
    {
      name: "loses its connection",
      response: () => answer([text("Hel")], new TypeError("terminated")),
      kind: "unavailable",
    },
    { name: "holds no JSON", response: () => answer(["data: <html>\n\n"]), kind: "failed" },
    { name: "has no body", response: () => new Response(null), kind: "failed" },
  ])("throws a ClientError when the stream $name", async ({ response, kind }) => {
    const error = await failureOf(response());
    expect(error).toBeInstanceOf(ClientError);
    expect(error).toMatchObject({ kind });
  });
});
