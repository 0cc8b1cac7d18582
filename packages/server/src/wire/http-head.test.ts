import { createServer, type IncomingMessage } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { once } from "node:events";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readHttpHead } from "./http-head.ts";
import { mostHeaderLines } from "./http-limits.ts";

const line = "POST /v1/chat/completions HTTP/1.1\r\n";
const good = `${line}Host: a\r\nContent-Length: 2\r\n`;

describe("the reader of plain heads", () => {
  it("reads what is asked of it", () => {
    const head = readHttpHead(
      `${good}Authorization: Bearer x \r\nX-Api-Key:\ty\r\napi-key: z\r\nOrigin: http://b\r\ntraceparent: t\r\nConnection: Close\r\n`,
    );
    expect(head).toMatchObject({
      path: "/v1/chat/completions",
      contentLength: 2,
      isLast: true,
      host: "a",
      authorization: "Bearer x",
      origin: "http://b",
      traceparent: "t",
      "x-api-key": "y",
      "api-key": "z",
    });
  });

  it.each([
    ["another method", "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n"],
    ["another version", "POST / HTTP/1.0\r\nHost: a\r\nContent-Length: 2\r\n"],
    ["no path", "POST  HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n"],
    ["two blanks before the path", "POST  / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n"],
    ["a tab behind the path", "POST /\t HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n"],
    ["a whole address for a path", "POST http://a/ HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n"],
    ["no host", `${line}Content-Length: 2\r\n`],
    ["no length", `${line}Host: a\r\n`],
    ["two lengths", `${good}Content-Length: 2\r\n`],
    ["two lengths that differ in case", `${good}CONTENT-LENGTH: 3\r\n`],
    ["a signed length", `${line}Host: a\r\nContent-Length: +2\r\n`],
    ["a list of lengths", `${line}Host: a\r\nContent-Length: 2, 2\r\n`],
    ["a hexadecimal length", `${line}Host: a\r\nContent-Length: 0x2\r\n`],
    ["an empty length", `${line}Host: a\r\nContent-Length:\r\n`],
    ["two hosts", `${good}Host: b\r\n`],
    ["two credentials", `${good}Authorization: a\r\nAuthorization: b\r\n`],
    ["a transfer coding (CL.TE)", `${good}Transfer-Encoding: chunked\r\n`],
    ["a transfer coding of another case (TE.TE)", `${good}tRANSFER-eNCODING: xchunked\r\n`],
    ["white space before a colon", `${good}Transfer-Encoding : chunked\r\n`],
    ["a folded line", `${good}X-A: b\r\n c\r\n`],
    ["a line without a colon", `${good}X-A\r\n`],
    ["a line without a name", `${good}: b\r\n`],
    ["a bare line feed", `${good}X-A: b\nTransfer-Encoding: chunked\r\n`],
    ["a bare carriage return", `${good}X-A: b\rTransfer-Encoding: chunked\r\n`],
    ["a null byte", `${good}X-A: b\0c\r\n`],
    ["a byte above ASCII", `${good}X-A: b\u00e9\r\n`],
    ["an expectation", `${good}Expect: 100-continue\r\n`],
    ["an upgrade", `${good}Connection: Upgrade\r\nUpgrade: websocket\r\n`],
    ["another connection option", `${good}Connection: keep-alive, x\r\n`],
    ["a compressed body", `${good}Content-Encoding: gzip\r\n`],
    ["an option for proxies, which llhttp obeys", `${good}Proxy-Connection: close\r\n`],
    ["too many lines", good + "X-A: b\r\n".repeat(mostHeaderLines - 1)],
  ])("leaves %s to node:http", (_what, text) => {
    expect(readHttpHead(text)).toBeUndefined();
  });

  it("takes as many lines as node:http does", () => {
    expect(readHttpHead(good + "X-A: b\r\n".repeat(mostHeaderLines - 2))).toBeDefined();
  });
});

describe("the reader of plain heads beside node:http's", () => {
  const seen: IncomingMessage[] = [];
  const server = createServer({ requireHostHeader: false }, (request, response) => {
    seen.push(request);
    request.resume();
    request.on("end", () => response.end());
  });
  beforeAll(async () => {
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  /** The request as node:http reads it; undefined when it refuses. */
  async function readByNode(text: string, bodyBytes: number): Promise<IncomingMessage | undefined> {
    const before = seen.length;
    const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
    socket.on("error", () => undefined);
    socket.end(Buffer.from(`${text}\r\n${"x".repeat(bodyBytes)}`, "latin1"));
    socket.resume();
    await once(socket, "close");
    return seen[before];
  }

  const name = fc.constantFrom(
    "Host",
    "content-length",
    "Content-Length",
    "Transfer-Encoding",
    "Connection",
    "Authorization",
    "X-Api-Key",
    "Content-Length ",
    " X",
    "Expect",
    "x-a\tb",
    "x\u00e9",
  );
  const value = fc.constantFrom(
    "a",
    "2",
    "0",
    "2,2",
    "+2",
    "chunked",
    "close",
    "keep-alive",
    "Bearer k",
    "",
    "\t 2 ",
    "a\u00e9",
    "a\u0001",
    "a\x7f",
  );
  const end = fc.oneof(
    { weight: 12, arbitrary: fc.constant("\r\n") },
    fc.constantFrom("\n", "\r", "\r\n ", "\n\r"),
  );
  const header = fc
    .tuple(name, fc.constantFrom(":", ": ", " :", ""), value, end)
    .map((parts) => parts.join(""));
  const start = fc.oneof(
    { weight: 6, arbitrary: fc.constant(`${line}Host: a\r\n`) },
    { weight: 3, arbitrary: fc.constant(good) },
    fc.constantFrom(
      "POST /v1 HTTP/1.1\r\n",
      "POST /v1 HTTP/1.1 \r\n",
      "POST  /v1 HTTP/1.1\r\n",
      "POST /v1\r\n",
    ),
  );

  it("never reads a head differently", async () => {
    let taken = 0;
    await fc.assert(
      fc.asyncProperty(start, fc.array(header, { maxLength: 3 }), async (first, headers) => {
        const text = first + headers.join("");
        const head = readHttpHead(text);
        if (head === undefined) return;
        taken++;
        const request = await readByNode(text, head.contentLength);
        expect(request, text).toBeDefined();
        expect(request?.method).toBe("POST");
        expect(request?.url).toBe(head.path);
        expect(request?.headers["content-length"]).toBe(String(head.contentLength).replace(/^$/, ""));
        expect(request?.headers["transfer-encoding"]).toBeUndefined();
        for (const key of ["host", "authorization", "x-api-key", "x-forwarded-for"] as const)
          expect(request?.headers[key], text).toBe(head[key]);
      }),
      { numRuns: Number(process.env["FUZZ_RUNS"] ?? 3_000) },
    );
    expect(taken).toBeGreaterThan(50);
  }, 600_000);
});
