import { expect, test } from "vitest";
import { HpackDecoder } from "./hpack-decoder.ts";
import { HuffmanDecoder } from "./hpack-huffman.ts";
import { Http2Error } from "./http2-error.ts";
import { encodeHeaders } from "./hpack-encoder.ts";

const huffman = new HuffmanDecoder();
const mostBytes = 16_384;

function decode(...blocks: readonly string[]) {
  const decoder = new HpackDecoder(huffman, mostBytes);
  return blocks.map((block) => decoder.decode(Buffer.from(block.replaceAll(" ", ""), "hex")));
}

const first = [
  [":method", "GET"],
  [":scheme", "http"],
  [":path", "/"],
  [":authority", "www.example.com"],
];
const third = [
  [":method", "GET"],
  [":scheme", "https"],
  [":path", "/index.html"],
  [":authority", "www.example.com"],
  ["custom-key", "custom-value"],
];

test("reads the requests of RFC 7541 appendix C.3, without Huffman's code", () => {
  const blocks = decode(
    "8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d",
    "8286 84be 5808 6e6f 2d63 6163 6865",
    "8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65",
  );
  expect(blocks).toEqual([first, [...first, ["cache-control", "no-cache"]], third]);
});

test("reads those of appendix C.4, with it", () => {
  const blocks = decode(
    "8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff",
    "8286 84be 5886 a8eb 1064 9cbf",
    "8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf",
  );
  expect(blocks).toEqual([first, [...first, ["cache-control", "no-cache"]], third]);
});

function blockOf(headers: Parameters<typeof encodeHeaders>[0]): Buffer {
  return Buffer.from(encodeHeaders(headers), "latin1");
}

test("forgets the oldest fields when the table is full", () => {
  const decoder = new HpackDecoder(huffman, mostBytes);
  const literal = (name: string, value: string) =>
    Buffer.concat([Buffer.from([0x40]), blockOf({ [name]: value }).subarray(1)]);
  for (let count = 0; count < 100; count++) decoder.decode(literal(`name-${count}`, "x".repeat(60)));
  expect(decoder.decode(Buffer.from([0xbe]))).toEqual([["name-99", "x".repeat(60)]]);
  expect(() => decoder.decode(Buffer.from([0xff, 40]))).toThrow(Http2Error);
});

test("reads what its counterpart writes, of any length", () => {
  const headers = { ":status": 200, "x-short": "", "x-long": "y".repeat(300), "x-edge": "z".repeat(127) };
  expect(new HpackDecoder(huffman, mostBytes).decode(blockOf(headers))).toEqual(
    Object.entries(headers).map(([name, value]) => [name, String(value)]),
  );
});

test.each([
  ["an index of nothing", "ff ff 7f"],
  ["the index 0", "80"],
  ["a text that is cut", "40 0a 61"],
  ["a number without an end", "7f ff ff ff ff ff ff"],
  ["a table larger than allowed", "3f e2 1f"],
  ["a change of the table behind a field", "82 20"],
  ["the end of string in Huffman's code", "41 84 ff ff ff ff"],
  ["padding that is no beginning of the end", "41 81 00"],
])("refuses %s", (_name, block) => {
  expect(() => decode(block)).toThrow(Http2Error);
});
