import fc from "fast-check";

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

/** A reply, mostly with something in it that readers take in different ways. */
export const anyReply: fc.Arbitrary<Buffer> = fc
  .tuple(statusLine, headerLines, lineEnd, lineEnd, body)
  .map(([status, headers, oddEnd, blankEnd, rest]) => {
    // One line of the head, at most, ends in an odd way.
    const lines = [status, ...headers].map((line, at) => `${line}${at === headers.length ? oddEnd : "\r\n"}`);
    return Buffer.from(`${lines.join("")}${blankEnd}${rest}`, "latin1");
  });
/** Where a reply is cut. */
export const anyCuts: fc.Arbitrary<number[]> = fc.array(fc.nat(400), { maxLength: 4 });

/** The pieces of a reply. */
export function cut(bytes: Buffer, at: readonly number[]): readonly Buffer[] {
  const points = [...new Set(at.filter((point) => point > 0 && point < bytes.length))].sort((a, b) => a - b);
  return [0, ...points].map((from, index) => bytes.subarray(from, points[index] ?? bytes.length));
}
