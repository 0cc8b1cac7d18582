import { expect, test } from "vitest";
import { readRetryDelayMs } from "./grpc-retry-info.ts";

const field = (number: number, bytes: readonly number[]) => [number * 8 + 2, bytes.length, ...bytes];

function statusWith(url: string, value: readonly number[]): string {
  const any = [...field(1, [...Buffer.from(url)]), ...field(2, value)];
  return Buffer.from([0x08, 14, ...field(3, any)]).toString("base64");
}

const retryInfo = "type.googleapis.com/google.rpc.RetryInfo";

test.each([
  ["seconds", statusWith(retryInfo, field(1, [0x08, 3])), 3_000],
  ["half a second", statusWith(retryInfo, field(1, [0x10, 0x80, 0xca, 0xb5, 0xee, 0x01])), 500],
  ["at once", statusWith(retryInfo, field(1, [])), 0],
  ["something else", statusWith("type.googleapis.com/google.rpc.ErrorInfo", field(1, [0x08, 3])), undefined],
  ["nothing", "", undefined],
  ["what is no message", "////", undefined],
])("a status that says %s", (_name, details, expected) => {
  expect(readRetryDelayMs(details)).toBe(expected);
});
