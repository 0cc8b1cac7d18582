import { expect, test } from "vitest";
import { parseHostPort } from "./host-port.ts";

test.each([
  ["127.0.0.1:9464", { host: "127.0.0.1", port: 9464 }],
  ["[::1]:0", { host: "::1", port: 0 }],
  ["metrics.internal:80", { host: "metrics.internal", port: 80 }],
  ["9464", undefined],
  [":9464", undefined],
  ["::1:9464", undefined],
  ["host:65536", undefined],
  ["http://host:1", undefined],
])("%s is read as %j", (text, expected) => {
  expect(parseHostPort(text)).toEqual(expected);
});
