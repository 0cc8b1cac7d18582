import { expect, test } from "vitest";
import { hasOtherAddresses, keepSecrets } from "./kept-secrets.ts";

const before = { base_url: "https://a.example/v1", api_key: "k", headers: { "x-token": "t", plain: "p" } };

test("secrets that come back as they were shown are what they were", () => {
  const sent = {
    base_url: "https://a.example/v1",
    api_key: "[secret]",
    headers: { "x-token": "[secret]", plain: "q" },
  };
  expect(keepSecrets(sent, before)).toEqual({
    settings: { ...before, headers: { "x-token": "t", plain: "q" } },
    kept: ["api_key", "headers.x-token"],
  });
});

test("what was not there is not made up, and a new secret is taken", () => {
  expect(keepSecrets({ other: "[secret]", api_key: "new" }, before)).toEqual({
    settings: { other: "[secret]", api_key: "new" },
    kept: [],
  });
});

test.each([
  [{ base_url: "https://a.example/v2" }, false],
  [{ base_url: "http://a.example/v1" }, true],
  [{ base_url: "https://a.example:8443/v1" }, true],
  [{ nested: { list: ["https://b.example"] } }, true],
  [{ timeout: 5 }, false],
])("%j speaks to another server: %s", (next, expected) =>
  expect(hasOtherAddresses(next, before)).toBe(expected),
);
