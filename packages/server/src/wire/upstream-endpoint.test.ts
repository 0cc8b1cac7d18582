import { describe, expect, it } from "vitest";
import { parseEndpoint } from "./upstream-endpoint.ts";

describe("parseEndpoint", () => {
  it.each(["ftp://x", "x", "http://169.254.169.254", "http://[::ffff:169.254.169.254]", "http://0.0.0.0:1"])(
    "refuses %s",
    (origin) => {
      expect(() => parseEndpoint(origin)).toThrow(expect.objectContaining({ code: "config_invalid" }));
    },
  );

  it.each([
    ["http://a", { isTls: false, host: "a", port: 80 }],
    ["https://a:8443", { isTls: true, host: "a", port: 8443 }],
    ["http://[::1]:9", { host: "::1", port: 9 }],
    ["unix:/tmp/s", { socketPath: "/tmp/s" }],
  ])("reads %s", (origin, expected) => {
    expect(parseEndpoint(origin)).toMatchObject(expected);
  });
});
