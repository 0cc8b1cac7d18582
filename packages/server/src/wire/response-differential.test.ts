import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import { type AddressInfo, createServer, type Server } from "node:net";
import { Cancellation, PlatformError, type ReplyBody } from "@llm-platform/kit";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createUpstreamPool } from "./upstream-pool.ts";

/** What a reader makes of a reply: a whole one, one that broke off, or no HTTP. */
type Reading =
  | { readonly is: "whole"; readonly status: number; readonly body: string }
  | { readonly is: "cut" }
  | { readonly is: "malformed" };

/** Pieces of a reply, written one by one; then the connection ends. */
type Pieces = readonly Buffer[];

let server: Server;
let pieces: Pieces = [];

beforeAll(async () => {
  server = createServer((socket) => {
    socket.on("error", () => socket.destroy());
    socket.once("data", async () => {
      socket.setNoDelay(true);
      for (const piece of pieces) {
        socket.write(piece);
        await new Promise(setImmediate);
      }
      socket.end();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});

afterAll(() => {
  server.close();
});

function port(): number {
  // A server that listens on TCP has an address of this shape.
  return (server.address() as AddressInfo).port;
}

/**
 * node:http's own reader, llhttp, in its strict form: the oracle. It fails on bytes behind a reply,
 * which makes the connection useless and not the reply.
 */
function readByNode(): Promise<Reading> {
  return new Promise((resolve) => {
    let response: IncomingMessage | undefined;
    const chunks: Buffer[] = [];
    const finish = (error?: NodeJS.ErrnoException) => {
      const isWhole = response?.complete === true;
      // What is still held comes as a last "data".
      if (isWhole) response?.read();
      const body = Buffer.concat(chunks).toString("latin1");
      if (isWhole) resolve({ is: "whole", status: response?.statusCode ?? 0, body });
      else resolve({ is: error?.code?.startsWith("HPE_") === true ? "malformed" : "cut" });
    };
    const request = get({ port: port(), host: "127.0.0.1", path: "/", agent: false }, (incoming) => {
      response = incoming;
      incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
      incoming.on("error", finish);
      incoming.on("end", () => finish());
    });
    request.on("error", finish);
  });
}

async function readByPool(): Promise<Reading> {
  const pool = createUpstreamPool(`http://127.0.0.1:${port()}`);
  const cancellation = new Cancellation();
  try {
    const reply = await pool.send({
      method: "GET",
      path: "/",
      headers: [],
      body: Buffer.alloc(0),
      cancellation,
    });
    return { is: "whole", status: reply.status, body: await collect(reply.body) };
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error;
    return { is: error.code === "upstream_malformed" ? "malformed" : "cut" };
  } finally {
    pool.stop();
  }
}

function collect(body: ReplyBody): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    body.read({
      data: (chunk) => {
        text += Buffer.from(chunk).toString("latin1");
      },
      end: () => resolve(text),
      fail: reject,
    });
  });
}

const lineEnd = fc.oneof(
  { weight: 40, arbitrary: fc.constant("\r\n") },
  fc.constantFrom("\n", "\r", "\r\r\n"),
);
const statusLine = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom("HTTP/1.1 200 OK", "HTTP/1.0 200 OK", "HTTP/1.1 503 No") },
  fc.constantFrom(
    "HTTP/1.1 204 No Content",
    "HTTP/1.1 304 Not Modified",
    "HTTP/1.1 200",
    "HTTP/1.1 200 ",
    "HTTP/1.1 2000 OK",
    "HTTP/1.1 20 OK",
    "HTTP/1.1 099 OK",
    "HTTP/1.1  200 OK",
    "HTTP/1.1 200OK",
    "HTTP/1.1 200\tOK",
    "HTTP/1.2 200 OK",
    "HTTP/2 200 OK",
    "HTTP/1.10 200 OK",
    "http/1.1 200 OK",
    "HTTP/1.1 200 O\x01K",
    "HTTP/1.1 200 O\xffK",
    "ICY 200 OK",
    "",
  ),
);
const plainLine = fc.constantFrom(
  "X-A: b",
  "x:",
  "X-B: a b\tc",
  "Connection: close",
  "Connection: keep-alive",
  "Date: x",
);
const oddLine = fc.constantFrom(
  "X : y",
  "X\t: y",
  " folded",
  "\tfolded: x",
  "NoColon",
  ": empty",
  "X: \x00",
  "X: \x01",
  "X: \x7f",
  "X: \xff",
  "X\xff: y",
  "X(: y",
  "Connection: upgrade",
  "Connection: close, keep-alive",
);
const lengthLine = fc.constantFrom(
  "Content-Length: 5",
  "content-length:5",
  "Content-Length: 05",
  "Content-Length:  5 ",
  "Content-Length: 0",
  "Content-Length: 7",
  "Content-Length: +5",
  "Content-Length: -5",
  "Content-Length: 5, 5",
  "Content-Length: 0x5",
  "Content-Length: 5 5",
  "Content-Length: ",
  "Content-Length : 5",
  "Content-Length: 99999999999999999999",
);
const codingLine = fc.oneof(
  { weight: 5, arbitrary: fc.constant("Transfer-Encoding: chunked") },
  fc.constantFrom(
    "transfer-encoding:chunked",
    "Transfer-Encoding: Chunked",
    "Transfer-Encoding:\tchunked\t",
    "Transfer-Encoding: identity",
    "Transfer-Encoding: gzip, chunked",
    "Transfer-Encoding: chunked, gzip",
    "Transfer-Encoding: chunked, chunked",
    "Transfer-Encoding: xchunked",
    "Transfer-Encoding: chunked;q=1",
    "Transfer-Encoding: ",
    "Transfer-Encoding : chunked",
    "Transfer-Encoding: \x0bchunked",
  ),
);
const chunk = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom("5\r\nhello\r\n", "1\r\na\r\n", "A\r\n0123456789\r\n") },
  fc.constantFrom(
    "5;x=y\r\nhello\r\n",
    '5;x="y;z"\r\nhello\r\n',
    "5;x\r\nhello\r\n",
    "5;\r\nhello\r\n",
    "5 \r\nhello\r\n",
    "5 ;x\r\nhello\r\n",
    "5\t\r\nhello\r\n",
    " 5\r\nhello\r\n",
    "05\r\nhello\r\n",
    "5\nhello\r\n",
    "5\r\nhello\n",
    "5\r\nhello",
    "5\r\nhello!\r\n",
    "5;a\nb\r\nhello\r\n",
    "5;a\rb\r\nhello\r\n",
    "5;a\x00\r\nhello\r\n",
    "0x5\r\nhello\r\n",
    "-5\r\nhello\r\n",
    "100000005\r\nhello\r\n",
    "\r\n",
    "g\r\n",
  ),
);
const lastChunk = fc.oneof(
  { weight: 8, arbitrary: fc.constant("0\r\n\r\n") },
  fc.constantFrom(
    "",
    "0\r\n",
    "00\r\n\r\n",
    "0;x=y\r\n\r\n",
    "0\r\nA: b\r\n\r\n",
    "0\r\nA: b\r\nC: d\r\n\r\n",
    "0\r\nA : b\r\n\r\n",
    "0\r\nA\r\n\r\n",
    "0\r\n a: b\r\n\r\n",
    "0\r\nA: \x00\r\n\r\n",
    "0\r\nA: b\n\r\n",
    "0\r\nA: b\r\n\n",
    "0\r\n\n",
    "0\n\r\n",
    "0\r\n\rx\r\n\r\n",
    "0\r\n\r\r\n",
  ),
);
const body = fc.oneof(
  fc.constantFrom("", "hello", "hello w", "he"),
  fc.tuple(fc.array(chunk, { maxLength: 4 }), lastChunk).map(([chunks, last]) => `${chunks.join("")}${last}`),
);
const framingLines = fc.oneof(
  { weight: 4, arbitrary: lengthLine.map((line) => [line]) },
  { weight: 4, arbitrary: codingLine.map((line) => [line]) },
  fc.array(fc.oneof(lengthLine, codingLine), { maxLength: 3 }),
);
const headerLines = fc
  .tuple(fc.array(fc.oneof({ weight: 8, arbitrary: plainLine }, oddLine), { maxLength: 2 }), framingLines)
  .map(([others, framing]) => [...others, ...framing]);

const reply = fc
  .tuple(statusLine, headerLines, lineEnd, lineEnd, body)
  .map(([status, headers, oddEnd, blankEnd, rest]) => {
    // One line of the head, at most, ends in an odd way.
    const lines = [status, ...headers].map((line, at) => `${line}${at === headers.length ? oddEnd : "\r\n"}`);
    return Buffer.from(`${lines.join("")}${blankEnd}${rest}`, "latin1");
  });
const cuts = fc.array(fc.nat(400), { maxLength: 4 });

function cut(bytes: Buffer, at: readonly number[]): Pieces {
  const points = [...new Set(at.filter((point) => point > 0 && point < bytes.length))].sort((a, b) => a - b);
  return [0, ...points].map((from, index) => bytes.subarray(from, points[index] ?? bytes.length));
}

const headed = "HTTP/1.1 200 OK\r\n";
const chunked = `${headed}Transfer-Encoding: chunked\r\n\r\n`;

/** Replies that once were read in another way than node:http reads them, or could be. */
const refused: readonly (readonly [what: string, reply: string])[] = [
  ["white space before the colon of the length", `${headed}Content-Length : 5\r\n\r\nhello`],
  ["white space before the colon of the coding", `${headed}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n`],
  ["a coding between tabs", `${headed}Transfer-Encoding:\tchunked\t\r\n\r\n0\r\n\r\n`],
  [
    "a coding given twice",
    `${headed}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  ],
  ["a folded line", `${headed}X: a\r\n b: c\r\nContent-Length: 0\r\n\r\n`],
  ["a line without a colon", `${headed}Content-Length\r\n\r\n`],
  ["a control character in a value", `${headed}X: \u0001\r\nContent-Length: 0\r\n\r\n`],
  ["two equal lengths", `${headed}Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello`],
  [
    "a length and a coding where no body may be",
    "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n",
  ],
  ["another version", "HTTP/1.2 200 OK\r\nContent-Length: 0\r\n\r\n"],
  ["four digits of a status", "HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n"],
  ["white space behind a chunk's size", `${chunked}5 \r\nhello\r\n0\r\n\r\n`],
  ["a bare LF behind a chunk's size", `${chunked}5\nhello\r\n0\r\n\r\n`],
  ["a bare LF in a chunk's extension", `${chunked}5;a\nb\r\nhello\r\n0\r\n\r\n`],
  ["an empty extension", `${chunked}5;\r\nhello\r\n0\r\n\r\n`],
  ["a bare LF in the trailer", `${chunked}0\r\nA: b\n\r\n`],
  ["a bare LF as the empty line", `${chunked}0\r\n\n`],
  ["a trailer that is not a header", `${chunked}0\r\nA : b\r\n\r\n`],
  ["a folded trailer", `${chunked}0\r\n a: b\r\n\r\n`],
];

/** How many replies are made up. The long form: RESPONSE_FUZZ_RUNS=1000000, about twenty minutes. */
const runs = Number(process.env["RESPONSE_FUZZ_RUNS"] ?? 1_000);

describe("the reader of replies beside node:http's", () => {
  it.each(refused)("refuses %s", async (_what, text) => {
    pieces = [Buffer.from(text, "latin1")];
    expect(await readByPool()).toEqual({ is: "malformed" });
  });

  it("never takes a reply for whole that node:http reads in another way, and reads it alike however it is cut", async () => {
    await fc.assert(
      fc.asyncProperty(reply, cuts, async (bytes, at) => {
        pieces = [bytes];
        const theirs = await readByNode();
        const ours = await readByPool();
        if (ours.is === "whole") expect(ours).toEqual(theirs);
        pieces = cut(bytes, at);
        expect(await readByPool()).toEqual(ours);
      }),
      { numRuns: runs },
    );
  }, 600_000);
});
