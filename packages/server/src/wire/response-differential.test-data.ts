const headed = "HTTP/1.1 200 OK\r\n";
const chunked = `${headed}Transfer-Encoding: chunked\r\n\r\n`;

/** Replies that must not be taken: they were once read in another way than node:http reads them, or could be. */
export const refusedReplies: readonly (readonly [what: string, reply: string])[] = [
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
