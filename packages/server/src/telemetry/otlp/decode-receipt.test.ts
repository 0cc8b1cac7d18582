import { expect, test } from "vitest";
import { decodeReceipt } from "./decode-receipt.ts";

test.each([
  ["nothing", [], { rejected: 0, message: "" }],
  ["that three were rejected", [0x0a, 2, 0x08, 3], { rejected: 3, message: "" }],
  ["why two were", [0x0a, 6, 0x08, 2, 0x12, 2, 0x6e, 0x6f], { rejected: 2, message: "no" }],
  ["only a warning", [0x0a, 4, 0x12, 2, 0x6e, 0x6f], { rejected: 0, message: "no" }],
  ["what no field is for", [0x12, 1, 0, 0x0a, 2, 0x08, 1], { rejected: 1, message: "" }],
  ["less than nothing", [0x0a, 11, 0x08, ...Array(9).fill(0xff), 1], { rejected: 0, message: "" }],
  ["a page of a proxy", [...Buffer.from("<html>ok</html>")], { rejected: 0, message: "" }],
  ["half a message", [0x0a, 20, 0x08], { rejected: 0, message: "" }],
])("an answer that says %s", (_name, bytes, expected) => {
  expect(decodeReceipt(Uint8Array.from(bytes))).toEqual(expected);
});
