import { servedPath } from "./request-draft.ts";
import { type CorpusCase, refuse, seen, serve, sized, smuggled, start } from "./corpus-case.ts";

const chunked = `${start}Transfer-Encoding: chunked\r\n\r\n`;
const coded = (coding: string): string => `${start}Transfer-Encoding: ${coding}\r\n\r\n0\r\n\r\n${smuggled}`;
const withLine = (line: string): string => `${start}${line}Content-Length: 2\r\n\r\nhi`;

const lengths: readonly CorpusCase[] = [
  refuse("CL.TE", "Kettle 2019", `${start}Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG`),
  refuse(
    "TE.CL",
    "Kettle 2019",
    `${start}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n29\r\n${smuggled}\r\n0\r\n\r\n`,
  ),
  refuse(
    "CL.CL, two values",
    "Linhart 2005",
    `${start}Content-Length: 0\r\nContent-Length: ${smuggled.length}\r\n\r\n${smuggled}`,
  ),
  refuse(
    "CL.CL, one value twice",
    "RFC 9112 section 6.3",
    `${start}Content-Length: 2\r\nContent-Length: 2\r\n\r\nhi`,
  ),
  refuse("a list of lengths", "RFC 9110 section 8.6", `${start}Content-Length: 2, 2\r\n\r\nhi`),
  refuse("a length with a sign", "RFC 9110 section 8.6", `${start}Content-Length: +2\r\n\r\nhi`),
  refuse("a hexadecimal length", "RFC 9110 section 8.6", `${start}Content-Length: 0x2\r\n\r\nhi`),
  refuse("an empty length", "RFC 9110 section 8.6", `${start}Content-Length:\r\n\r\n${smuggled}`),
  refuse("a length behind a vertical tab", "Kettle 2019", `${start}Content-Length: \x0b2\r\n\r\nhi`),
  refuse(
    "a length above 64 bits",
    "RFC 9112 section 6.3",
    `${start}Content-Length: 18446744073709551618\r\n\r\nhi`,
  ),
  refuse("a space before the length's colon", "RFC 9112 section 5.1", `${start}Content-Length : 2\r\n\r\nhi`),
  serve("a length with zeros before it", "RFC 9110 section 8.6", {
    segments: [`${start}Content-Length: 0002\r\n\r\nhi`],
    requests: [seen("hi")],
  }),
  serve("CL.0", "Kettle 2022", { segments: [sized(smuggled)], requests: [seen(smuggled)] }),
  serve("CL.0 with a pause before the body", "Kettle 2022", {
    segments: [sized("x".repeat(smuggled.length)).slice(0, -smuggled.length), smuggled],
    requests: [seen(smuggled)],
  }),
  serve("CL.0 on GET", "Kettle 2022", {
    segments: [
      `GET /other HTTP/1.1\r\nHost: a.test\r\nContent-Length: ${smuggled.length}\r\n\r\n${smuggled}`,
    ],
    requests: [`GET /other ${smuggled}`],
  }),
  serve("no length", "RFC 9112 section 6.3", {
    segments: [`${start}\r\n`, sized("next")],
    requests: [seen(""), seen("next")],
  }),
  serve("a body that is larger than the endpoint takes", "RFC 9110 section 15.5.14", {
    segments: [`${start}Content-Length: 999999999999\r\n\r\n`],
    requests: [seen("")],
    status: 413,
    isOpen: false,
  }),
];

const codings: readonly CorpusCase[] = [
  refuse("TE.TE, another coding", "Kettle 2019", coded("xchunked")),
  refuse("TE.TE, a vertical tab", "Kettle 2019", coded("\x0bchunked")),
  refuse("TE.TE, quoted", "Kettle 2019", coded('"chunked"')),
  refuse("TE.TE, a parameter", "RFC 9112 section 7", coded("chunked;q=1")),
  refuse("TE.TE, chunked is not last", "RFC 9112 section 6.3", coded("chunked, identity")),
  refuse("TE.TE, twice", "Kettle 2019", coded("chunked\r\nTransfer-Encoding: x")),
  refuse("TE.TE, behind a bare LF", "Kettle 2019", coded("x\nTransfer-Encoding: chunked")),
  refuse("TE.TE, a null byte", "Kettle 2019", coded("chunked\0")),
  refuse(
    "TE.TE, a space before the colon",
    "Kettle 2019",
    `${start}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n`,
  ),
  refuse("TE.TE, a folded line", "Kettle 2019", coded("\r\n chunked")),
  serve("chunked in another case", "RFC 9112 section 7", {
    segments: [`${start}tRANSFER-eNCODING: Chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n`],
    requests: [seen("hi")],
  }),
];

const chunks: readonly CorpusCase[] = [
  refuse(
    "a chunk's size above 64 bits",
    "RFC 9112 section 7.1",
    `${chunked}10000000000000002\r\nhi\r\n0\r\n\r\n`,
  ),
  refuse("a chunk's size with 0x", "RFC 9112 section 7.1", `${chunked}0x2\r\nhi\r\n0\r\n\r\n`),
  refuse("a chunk's size with a sign", "RFC 9112 section 7.1", `${chunked}-2\r\nhi\r\n0\r\n\r\n`),
  refuse("a space behind a chunk's size", "RFC 9112 section 7.1.1", `${chunked}2 \r\nhi\r\n0\r\n\r\n`),
  refuse(
    "an oversized chunk extension",
    "RFC 9112 section 7.1.1",
    `${chunked}2;${"a".repeat(17_000)}\r\nhi\r\n0\r\n\r\n`,
  ),
  refuse("a bare LF in a chunk extension", "RFC 9112 section 7.1.1", `${chunked}2;a\nhi\r\n0\r\n\r\n`),
  refuse("a bare CR in a chunk extension", "RFC 9112 section 7.1.1", `${chunked}2;a\rb\r\nhi\r\n0\r\n\r\n`),
  refuse("a chunk that is longer than it says", "RFC 9112 section 7.1", `${chunked}2\r\nhigh\r\n0\r\n\r\n`),
  refuse("a bare LF behind a chunk's data", "RFC 9112 section 2.2", `${chunked}2\r\nhi\n0\r\n\r\n`),
  refuse("a bare LF as the end of the trailer", "RFC 9112 section 2.2", `${chunked}0\r\n\n${smuggled}`),
  refuse("a folded trailer", "RFC 9112 section 5.2", `${chunked}0\r\nX: a\r\n b\r\n\r\n`),
  serve("a chunk extension", "RFC 9112 section 7.1.1", {
    segments: [`${chunked}2;a="b;c"\r\nhi\r\n0\r\n\r\n`],
    requests: [seen("hi")],
  }),
  serve("a request in a chunk", "RFC 9112 section 11.2", {
    segments: [`${chunked}${smuggled.length.toString(16)}\r\n${smuggled}\r\n0\r\n\r\n`],
    requests: [seen(smuggled)],
  }),
];

const heads: readonly CorpusCase[] = [
  refuse(
    "bare LF at all lines' ends",
    "RFC 9112 section 2.2",
    sized("hi").replaceAll("\r\n", "\n"),
    "\r\n\r\n",
  ),
  refuse(
    "a bare LF at one line's end",
    "RFC 9112 section 2.2",
    withLine("X: a\nTransfer-Encoding: chunked\r\n"),
  ),
  refuse("a bare CR in a value", "RFC 9112 section 2.2", withLine("X: a\rTransfer-Encoding: chunked\r\n")),
  refuse("CR CR LF", "Kettle 2019", withLine("X: a\r\r\n")),
  refuse("a null byte in a value", "RFC 9110 section 5.5", withLine("X: a\0b\r\n")),
  refuse("a folded header", "RFC 9112 section 5.2", withLine("X: a\r\n Transfer-Encoding: chunked\r\n")),
  refuse(
    "white space before the first header",
    "RFC 9112 section 2.2",
    `POST / HTTP/1.1\r\n X: y\r\nHost: a.test\r\n\r\n`,
  ),
  refuse("a space before a colon", "RFC 9112 section 5.1", withLine("X : a\r\n")),
  refuse("a line without a colon", "RFC 9112 section 5", withLine("Transfer-Encoding chunked\r\n")),
  refuse("a line without a name", "RFC 9112 section 5", withLine(": chunked\r\n")),
  refuse("a byte above ASCII in a name", "Kettle 2019", withLine("Transfer-Encoding\xa0: chunked\r\n")),
  refuse("two hosts", "RFC 9112 section 3.2", withLine("Host: b.test\r\n")),
  refuse("no host", "RFC 9112 section 3.2", `POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n`),
  refuse(
    "a request behind one without a host",
    "RFC 9112 section 11.2",
    `POST ${servedPath} HTTP/1.1\r\nContent-Length: 0\r\n\r\n${smuggled}`,
  ),
  refuse(
    "a request behind one with two hosts",
    "RFC 9112 section 11.2",
    `${withLine("Host: b.test\r\n")}${smuggled}`,
  ),
  refuse("another version", "RFC 9112 section 2.3", sized("hi").replace("1.1", "1.2")),
  serve("a duplicated header", "RFC 9110 section 5.3", {
    segments: [withLine("Authorization: a\r\nAuthorization: b\r\n")],
    requests: [seen("hi")],
  }),
  serve("two spaces in the request line", "RFC 9112 section 3", {
    segments: [sized("hi").replace("POST ", "POST  ")],
    requests: [seen("hi")],
  }),
  serve("empty lines before the request line", "RFC 9112 section 2.2", {
    segments: [`\r\n\r\n${sized("hi")}`],
    requests: [seen("hi")],
  }),
  serve("the absolute form", "RFC 9112 section 3.2.2", {
    segments: [sized("hi").replace(" /", " http://b.test/")],
    requests: [seen("hi").replace(" /", " http://b.test/")],
  }),
];

const connections: readonly CorpusCase[] = [
  serve("pipelined requests", "RFC 9112 section 9.3.2", {
    segments: [`${sized("one")}${sized("two")}${smuggled}${sized("three")}`],
    requests: [seen("one"), seen("two"), "GET /smuggled ", seen("three")],
  }),
  serve("a request behind one that is refused", "RFC 9112 section 11.2", {
    segments: [sized("one"), withLine("X : a\r\n"), sized("three")],
    requests: [seen("one")],
    status: 400,
    isOpen: false,
  }),
  serve("a request behind the last", "RFC 9112 section 9.6", {
    segments: [sized("one", "Connection: close\r\n"), sized("two")],
    requests: [seen("one")],
    isOpen: false,
  }),
  serve("Proxy-Connection, which llhttp obeys", "RFC 9112 section 9.3", {
    segments: [sized("one", "Proxy-Connection: close\r\n"), sized("two")],
    requests: [seen("one")],
    isOpen: false,
  }),
  serve("a hop-by-hop length", "Kettle 2019", {
    segments: [sized("one", "Connection: content-length\r\n"), sized("two")],
    requests: [seen("one"), seen("two")],
  }),
  serve("a reply before the body has ended", "RFC 9112 section 9.3", {
    segments: [sized(smuggled, "Authorization: no\r\n").slice(0, -10), smuggled.slice(-10), sized("two")],
    requests: [seen(""), seen("two")],
  }),
  serve("Expect: 100-continue", "RFC 9110 section 10.1.1", {
    segments: [sized("hi", "Expect: 100-continue\r\n").slice(0, -2), "hi", sized("two")],
    requests: [seen("hi"), seen("two")],
  }),
  serve("an unknown expectation", "RFC 9110 section 10.1.1", {
    segments: [sized("hi", "Expect: x\r\n"), sized("two")],
    requests: [seen("two")],
  }),
  serve("an upgrade to h2c", "RFC 9110 section 7.8", {
    segments: [sized("hi", "Connection: Upgrade\r\nUpgrade: h2c\r\n"), sized("two")],
    requests: [seen("hi"), seen("two")],
  }),
  serve("CONNECT", "RFC 9110 section 9.3.6", {
    segments: [`CONNECT b.test:80 HTTP/1.1\r\nHost: a.test\r\n\r\n${smuggled}`],
    requests: [],
    status: undefined,
    isOpen: false,
  }),
  serve("a request that does not end", "RFC 9112 section 8", {
    segments: [sized("hello").slice(0, -1)],
    requests: [],
    status: undefined,
  }),
];

/** Every case, by subject. */
export const corpus: readonly CorpusCase[] = [...lengths, ...codings, ...chunks, ...heads, ...connections];
