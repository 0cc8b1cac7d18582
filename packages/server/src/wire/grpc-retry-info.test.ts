import { expect, test } from "vitest";
import { readRetryDelayMs } from "./grpc-retry-info.ts";

const field = (number: number, bytes: readonly number[]) => [number * 8 + 2, bytes.length, ...bytes];

const detail = (url: string, value: readonly number[]) =>
  field(3, [...field(1, [...Buffer.from(url)]), ...field(2, value)]);

const statusOf = (...details: readonly (readonly number[])[]) =>
  Buffer.from([0x08, 14, ...details.flat()]).toString("base64");

const statusWith = (url: string, value: readonly number[]) => statusOf(detail(url, value));

const retryInfo = "type.googleapis.com/google.rpc.RetryInfo";
/** As a varint of 64 bits. */
const minusOne = [...Array<number>(9).fill(0xff), 0x01];

test.each([
  ["seconds", statusWith(retryInfo, field(1, [0x08, 3])), 3_000],
  ["half a second", statusWith(retryInfo, field(1, [0x10, 0x80, 0xca, 0xb5, 0xee, 0x01])), 500],
  ["at once", statusWith(retryInfo, field(1, [])), 0],
  ["something else", statusWith("type.googleapis.com/google.rpc.ErrorInfo", field(1, [0x08, 3])), undefined],
  ["both", statusWith(retryInfo, field(1, [0x08, 3, 0x10, 0x80, 0xca, 0xb5, 0xee, 0x01])), 3_500],
  ["what later versions add", statusWith(retryInfo, field(1, [0x18, 9, 0x08, 3, ...field(4, [7])])), 3_000],
  ["a time before now", statusWith(retryInfo, field(1, [0x08, ...minusOne])), 0],
  ["something else first", statusOf(detail("other", []), detail(retryInfo, field(1, [0x08, 3]))), 3_000],
  ["no time in it", statusWith(retryInfo, []), undefined],
  ["no value", statusOf(field(3, field(1, [...Buffer.from(retryInfo)]))), undefined],
  ["no kind", statusOf(field(3, field(2, field(1, [0x08, 3])))), undefined],
  ["nothing", "", undefined],
  ["what is no message", "////", undefined],
])("a status that says %s", (_name, details, expected) => {
  expect(readRetryDelayMs(details)).toBe(expected);
});
