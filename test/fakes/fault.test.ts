import { request as httpRequest } from "node:http";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createFakeUpstream, type FakeUpstream, type Fault } from "./fake-upstream.ts";
import { leakedKey } from "./fault-effects.ts";
import { postText, type RawClient, type RawExchange, sendRaw } from "./raw-client.ts";

let upstream: FakeUpstream;

beforeEach(async () => {
  upstream = await createFakeUpstream({ dialect: "openai" });
});
afterEach(() => upstream.stop());

const path = "/v1/chat/completions";
const usage = { stream_options: { include_usage: true } };
const streamBody = {
  model: "tiny-chat",
  stream: true,
  messages: [{ role: "user", content: "one two three" }],
  ...usage,
};
const wholeBody = { ...streamBody, stream: false };

async function ask(fault: Fault, body: unknown = streamBody): Promise<RawClient> {
  upstream.script(fault);
  return sendRaw(upstream.port, postText(path, body, ["Connection: close"]));
}

async function outcome(
  fault: Fault,
  body: unknown = streamBody,
): Promise<RawExchange & { head: string; body: string }> {
  const result = await (await ask(fault, body)).done;
  const [head = "", ...rest] = result.text.split("\r\n\r\n");
  return { ...result, head, body: rest.join("\r\n\r\n") };
}

/** Events in a body, comments and framing left out. */
function countEvents(text: string): number {
  return text.match(/^data:/gm)?.length ?? 0;
}

/** What a strict HTTP client makes of the reply: its body, or the code of its error. */
function strictly(fault: Fault, body: unknown = streamBody): Promise<string> {
  upstream.script(fault);
  const ending = Promise.withResolvers<string>();
  const fail = (error: NodeJS.ErrnoException): void => ending.resolve(String(error.code));
  const request = httpRequest(`${upstream.origin}${path}`, { method: "POST", agent: false }, (reply) => {
    let text = "";
    reply.on("data", (bytes: Buffer) => (text += bytes.toString()));
    reply.on("error", fail).on("end", () => ending.resolve(text));
  });
  request.on("error", fail).end(JSON.stringify(body));
  return ending.promise;
}

describe("connections", () => {
  test("resets before the head, so that nothing is read", async () => {
    expect(await outcome({ kind: "reset-before-head" })).toMatchObject({ end: "reset", text: "" });
  });

  test("refuses at once, takes up its port after the given time, and at reset", async () => {
    upstream.script({ kind: "refuse" });
    await expect(sendRaw(upstream.port, "")).rejects.toMatchObject({ code: "ECONNREFUSED" });
    await upstream.reset();
    expect(await outcome({ kind: "healthy" })).toMatchObject({ end: "fin" });
    upstream.script([{ kind: "healthy" }, { kind: "refuse" }]);
    const kept = await sendRaw(upstream.port, postText(path, wholeBody));
    expect((await kept.done).text).toContain("echo: one two three");
    expect(upstream.isListening).toBe(false);
  });

  test.each([0, 1, 3])("resets after exactly %i events", async (events) => {
    const result = await outcome({ kind: "reset-after-events", events });
    expect(result.end).toBe("reset");
    expect(result.head).toContain("200 OK");
    expect(countEvents(result.body)).toBe(events);
  });

  test("resets after a number of body bytes in the middle of an event", async () => {
    const result = await outcome({
      kind: "together",
      faults: [{ kind: "until-close" }, { kind: "reset-after-bytes", bytes: 100 }],
    });
    expect(result).toMatchObject({ end: "reset" });
    expect(result.body).toHaveLength(100);
  });

  test("ends cleanly without a finish, or cuts the framing", async () => {
    const clean = await outcome({ kind: "end-after-events", events: 2 });
    expect(clean).toMatchObject({ end: "fin" });
    expect(clean.body).toMatch(/0\r\n\r\n$/);
    expect(clean.body).not.toContain("[DONE]");
    expect(await strictly({ kind: "end-after-events", events: 2 })).not.toContain('"stop"');
    expect(await strictly({ kind: "end-after-events", events: 2, framing: "cut" })).toBe("ECONNRESET");
  });

  test.each<[string, Fault, RegExp, number]>([
    ["nothing is answered", { kind: "hang" }, /^/, 0],
    ["the head comes alone", { kind: "head-then-hang" }, /\r\n\r\n$/, 0],
    ["the stream falls silent", { kind: "silence-after-events", events: 2 }, /echo:/, 2],
    ["only comments come", { kind: "comments-only", events: 1, intervalMs: 1 }, /(: keep-alive[^:]+){3}/, 1],
    ["the finish comes without [DONE]", { kind: "missing-done" }, /total_tokens/, 7],
  ])("keeps the socket open while %s, until the client leaves", async (_name, fault, pattern, events) => {
    const client = await ask(fault);
    const request = await upstream.nextRequest();
    await client.until(pattern);
    expect(countEvents(client.text())).toBe(events);
    expect(client.text()).not.toContain("[DONE]");
    expect(request.closedAtMs).toBeUndefined();
    client.socket.destroy();
    await request.closed;
    expect(request.aborted).toBe(true);
  });

  test("closes a kept connection the moment a request arrives on it, and spares fresh ones", async () => {
    upstream.script({ kind: "close-on-arrival" });
    const client = await sendRaw(upstream.port, postText(path, wholeBody));
    await client.until(/three"/);
    client.socket.write(postText(path, wholeBody));
    const { text } = await client.done;
    expect(text.match(/HTTP\/1.1 200/g)).toHaveLength(1);
    expect(upstream.requests.map((request) => request.turn)).toEqual([1, 2]);
  });
});

describe("statuses and other bodies", () => {
  test.each([
    [{ form: "seconds", value: 7 }, /\r\nretry-after: 7\r\n/],
    [{ form: "ms", value: 250 }, /\r\nretry-after-ms: 250\r\n/],
    [{ form: "date", value: 60 }, /\r\nretry-after: \w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT\r\n/],
  ] as const)("429 says when to come back as %o", async (retryAfter, pattern) => {
    const { text } = await outcome({ kind: "status", status: 429, retryAfter });
    expect(text).toMatch(/^HTTP\/1.1 429 Too Many Requests/);
    expect(text).toMatch(pattern);
    expect(text).toContain("rate_limit_exceeded");
  });

  test("answers 413 before the body was read", async () => {
    upstream.script({ kind: "status", status: 413, early: true });
    const client = await sendRaw(upstream.port, `POST ${path} HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n{`);
    expect((await client.done).text).toMatch(/^HTTP\/1.1 413/);
  });

  test.each<[Fault, RegExp]>([
    [{ kind: "context-overflow" }, /400 Bad Request[^]+context_length_exceeded/],
    [{ kind: "leaky-error" }, new RegExp(`500 [^]+${leakedKey}`)],
    [{ kind: "redirect", location: "http://127.0.0.1:1/" }, /302 Found\r\nLocation: http:\/\/127.0.0.1:1\//],
    [{ kind: "html" }, /200 OK\r\nContent-Type: text\/html[^]+<h1>/],
    [{ kind: "json-instead-of-stream" }, /application\/json[^]+"object":"chat.completion"/],
    [{ kind: "extra-headers" }, /Set-Cookie: [^]+x-api-key: /],
    [{ kind: "content-type", value: "text/plain" }, /Content-Type: text\/plain/],
    [{ kind: "body", body: "[]" }, /\r\n\r\n\[\]$/],
    [{ kind: "raw", bytes: "SSH-2.0-OpenSSH_9.2\r\n" }, /^SSH-2.0-OpenSSH_9.2\r\n$/],
    [{ kind: "false-encoding", encoding: "x-unknown" }, /Content-Encoding: x-unknown/],
  ])("%o", async (fault, pattern) => {
    expect((await outcome(fault)).text).toMatch(pattern);
  });

  test("sends a header block of more than 32 KB", async () => {
    const { head } = await outcome({ kind: "huge-headers" });
    expect(head.length).toBeGreaterThan(40_000);
  });

  test("compresses unasked, and makes bombs", async () => {
    upstream.script([
      { kind: "compressed", encoding: "gzip" },
      { kind: "compression-bomb", encoding: "gzip", inflatedBytes: 1_000_000 },
    ]);
    const send = (): Promise<Response> =>
      fetch(`${upstream.origin}${path}`, { method: "POST", body: JSON.stringify(wholeBody) });
    const plain = await send();
    expect(plain.headers.get("content-encoding")).toBe("gzip");
    expect(await plain.text()).toContain("echo: one two three");
    const bomb = await send();
    expect(Number(bomb.headers.get("content-length"))).toBeLessThan(2000);
    expect((await bomb.arrayBuffer()).byteLength).toBe(1_000_000);
  });

  test.each<[string, Fault, unknown]>([
    ["white space", { kind: "endless-body" }, wholeBody],
    ["tokens", { kind: "endless-stream" }, streamBody],
  ])("sends %s for ever and stops when the client leaves", async (_name, fault, body) => {
    const client = await ask(fault, body);
    const request = await upstream.nextRequest();
    await client.until(/^[^]{1000000}/);
    client.socket.destroy();
    await request.closed;
    expect(request.aborted).toBe(true);
  });
});

describe("streams", () => {
  test.each<[Fault, (body: string) => unknown, unknown]>([
    [{ kind: "missing-finish" }, (body) => /"finish_reason":"|\[DONE\]/.exec(body)?.[0], "[DONE]"],
    [{ kind: "duplicate-finish" }, (body) => body.match(/"finish_reason":"stop"/g)?.length, 2],
    [{ kind: "no-usage" }, (body) => /"usage":\{|\[DONE\]/.exec(body)?.[0], "[DONE]"],
    [
      { kind: "usage-in-finish" },
      (body) => /"finish_reason":"stop".*"usage":\{"prompt_tokens":7/.test(body),
      true,
    ],
    [
      { kind: "error-event", events: 2 },
      (body) => /data: \{"error":\{[^]*$/.exec(body)?.[0].includes("[DONE]"),
      false,
    ],
    [{ kind: "error-event", events: 2, after: "done" }, (body) => /\{"error"[^]+\[DONE\]/.test(body), true],
    [
      { kind: "error-event", events: 2, isNamed: true },
      (body) => /event: error\ndata: \{"error"/.test(body),
      true,
    ],
    [{ kind: "invalid-json", events: 1 }, (body) => /"br\n\n[^]+\[DONE\]/.test(body), true],
    [{ kind: "insert-event", events: 1, data: "[]" }, countEvents, 9],
    [
      { kind: "strange-events" },
      (body) => /event: telemetry[^]+<script>[^]+delete_everything[^]+\[DONE\]/.test(body),
      true,
    ],
    [{ kind: "comments" }, (body) => body.match(/^: ping$/gm)?.length, 8],
    [{ kind: "sse-style", style: { lineEnd: "\r\n" } }, (body) => body.split("\r\n\r\n").length, 9],
    [{ kind: "sse-style", style: { lineEnd: "\r" } }, (body) => body.split("\r\r").length, 9],
    [{ kind: "sse-style", style: { hasSpace: false } }, (body) => body.startsWith("data:{"), true],
    [
      { kind: "sse-style", style: { hasByteOrderMark: true } },
      (body) => body.startsWith("\ufeffdata: {"),
      true,
    ],
    [
      { kind: "sse-style", style: { isMultiLine: true } },
      (body) => /^data: \{\ndata: {2}"id": /.test(body),
      true,
    ],
    [{ kind: "json-style", style: "spaced" }, (body) => /"delta": \{"content": " one"\}/.test(body), true],
    [{ kind: "merged-events", events: 8 }, countEvents, 8],
    [
      { kind: "huge-line", events: 1, bytes: 300_000 },
      (body) => Math.max(...body.split("\n").map((line) => line.length)),
      300_014,
    ],
  ])("%o", async (fault, read, expected) => {
    expect(read(await strictly(fault))).toEqual(expected);
  });
});

describe("framing", () => {
  test.each(["bad-size", "short-data", "no-crlf", "huge-size"] as const)(
    "chunks with %s are refused by a strict client",
    async (defect) => {
      expect(await strictly({ kind: "broken-chunks", defect })).toMatch(/^HPE_/);
      // A last chunk that is too short swallows the end of the body.
      expect(await strictly({ kind: "broken-chunks", defect }, wholeBody)).toMatch(/^HPE_|^ECONNRESET$/);
    },
  );

  test("leaves out the last chunk", async () => {
    expect(await strictly({ kind: "broken-chunks", defect: "no-last-chunk" })).toBe("ECONNRESET");
  });

  test("promises more than it sends, or less", async () => {
    expect(await strictly({ kind: "wrong-length", by: 10 }, wholeBody)).toBe("ECONNRESET");
    expect(await strictly({ kind: "wrong-length", by: -10 }, wholeBody)).not.toMatch(/\}$/);
  });

  test.each<Fault>([{ kind: "http-1-0" }, { kind: "until-close" }])(
    "%o ends the body with the connection",
    async (fault) => {
      const result = await outcome(fault);
      expect(result.head).not.toMatch(/content-length|transfer-encoding/i);
      expect(result.body).toMatch(/data: \[DONE\]\n\n$/);
      expect(await strictly(fault)).toContain("[DONE]");
    },
  );

  test("sends interim responses first", async () => {
    const { text } = await outcome({ kind: "interim", status: 103, count: 2 });
    expect(text).toMatch(/^(HTTP\/1.1 103 Early Hints\r\nLink: .+\r\n\r\n){2}HTTP\/1.1 200 OK/);
    const continued = await outcome({ kind: "interim", status: 100 });
    expect(continued.text).toMatch(/^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 200 OK/);
  });

  test("drips a byte per write, and a byte per chunk", async () => {
    upstream.script({ kind: "drip" });
    const client = await sendRaw(
      upstream.port,
      postText("/v1/embeddings", { model: "tiny-embed", input: "x", dimensions: 1 }),
    );
    const text = await client.until(/\}\}$/);
    expect(client.reads.length).toBeGreaterThan(text.length / 4);
    client.socket.destroy();
    const chunked = await outcome({ kind: "drip", level: "payload" });
    expect(chunked.body).toMatch(/^1\r\nd\r\n1\r\na\r\n1\r\nt\r\n/);
    expect(await strictly({ kind: "drip", level: "payload", bytes: 7 })).toContain("[DONE]");
  });
});

describe("the script", () => {
  test("gives each fault to one matching request, leaves probes alone, and falls back to the standing fault", async () => {
    upstream.script([{ kind: "status", status: 500 }, { kind: "healthy" }]);
    upstream.script({ kind: "status", status: 418 }, { path: "/v1/models" });
    upstream.always({ kind: "status", status: 503 });
    const statuses = [];
    for (const [method, target] of [
      ["POST", path],
      ["GET", "/v1/models"],
      ["GET", "/v1/models"],
      ["POST", path],
      ["POST", path],
    ] as const) {
      const body = method === "POST" ? { body: JSON.stringify(wholeBody) } : {};
      statuses.push((await fetch(upstream.origin + target, { method, ...body })).status);
    }
    expect(statuses).toEqual([500, 418, 200, 200, 503]);
    await upstream.reset();
    expect(
      (await fetch(upstream.origin + path, { method: "POST", body: JSON.stringify(wholeBody) })).status,
    ).toBe(200);
  });
});
