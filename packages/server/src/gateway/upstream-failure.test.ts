import { describe, expect, test } from "vitest";
import { toUpstreamError } from "./upstream-failure.ts";

const nowEpochMs = Date.parse("2026-11-27T00:00:00Z");

function failed(
  status: number,
  body: unknown = "",
  {
    headers = {},
    isPlain = false,
  }: { readonly headers?: Readonly<Record<string, string>>; readonly isPlain?: boolean } = {},
) {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return toUpstreamError({
    status,
    headers: { get: (name) => headers[name] },
    body: Buffer.from(text),
    nowEpochMs,
    isPlain,
  });
}

test.each([
  [400, "invalid_request", false],
  [401, "upstream_auth", true],
  [403, "upstream_auth", true],
  [404, "model_not_found", false],
  [408, "upstream_timeout", true],
  [413, "payload_too_large", false],
  [422, "invalid_request", false],
  [429, "rate_limited", true],
  [499, "invalid_request", false],
  [500, "upstream_error", true],
  [502, "upstream_error", true],
  [504, "upstream_timeout", true],
  [399, "upstream_error", true],
])("status %d is %s; asked elsewhere: %s", (status, code, isRetryable) => {
  expect(failed(status)).toMatchObject({ code, isRetryable, upstreamStatus: status });
});

describe("what an upstream says of itself", () => {
  test.each([
    ["its code", { error: { code: "no_tools", type: "other", message: "sk-1" } }, "no_tools"],
    ["its type, where it has no code", { error: { code: null, type: "bad_input" } }, "bad_input"],
    ["a code without an envelope", { code: "bad_input" }, "bad_input"],
  ])("reaches callers by %s", (_name, body, word) => {
    expect(failed(400, body).message).toBe(
      `The upstream refused the request as invalid (${word}). Check the fields of the request.`,
    );
  });

  test.each([
    ["a sentence", "the key sk-1 is wrong"],
    ["a key", "sk-abcdefgh"],
    ["a key of another kind", "HF_abcdefgh"],
    ["a number", 7],
    ["a word that is too long", "a".repeat(65)],
    ["nothing", ""],
  ])("does not where it is %s", (_name, code) => {
    expect(failed(400, { error: { code, param: code } })).toMatchObject({
      message: "The upstream refused the request as invalid. Check the fields of the request.",
      field: undefined,
    });
  });

  test.each(["<html>", "[]", "null", '"text"', '{"error":7}'])("is not looked for in %s", (body) => {
    expect(failed(404, body).message).toBe("The upstream does not know this model or endpoint.");
  });

  test("names the field that is at fault, and what is not supported as such", () => {
    expect(failed(400, { error: { param: "messages[0].content" } })).toMatchObject({
      code: "invalid_request",
      field: "messages[0].content",
      message: "The upstream refused 'messages[0].content' as invalid. Correct it, or leave it out.",
    });
    expect(failed(400, { error: { param: "top_k", code: "unsupported_parameter" } })).toMatchObject({
      code: "unsupported_parameter",
      message:
        "The upstream refused 'top_k' as invalid (unsupported_parameter). Correct it, or leave it out.",
    });
  });

  test("is passed on where it is written for callers", () => {
    const error = { code: "unsupported_parameter", param: "n", message: "This model answers once." };
    expect(failed(400, { error }, { isPlain: true })).toMatchObject({
      code: "unsupported_parameter",
      field: "n",
      message: "This model answers once.",
    });
    expect(failed(400, { error: { message: "a".repeat(1_001) } }, { isPlain: true }).message).toHaveLength(
      1_000,
    );
    expect(failed(400, { error: { message: 7 } }, { isPlain: true }).message).toMatch(
      /^The upstream refused/,
    );
    expect(failed(500, { error }, { isPlain: true }).message).toBe("The upstream failed with status 500.");
  });

  test.each([400, 422, 500])("that the prompt is too long is told as such, with status %d", (status) => {
    expect(failed(status, { error: { code: "context_length_exceeded", param: "tools" } })).toMatchObject({
      code: "context_length_exceeded",
      message: "The prompt does not fit into the model's context. Shorten 'tools'.",
      field: "tools",
      isRetryable: true,
    });
    expect(failed(status, { error: "prompt is too long: 9 tokens > 8 maximum" })).toMatchObject({
      message:
        "The model's maximum context length is 8 tokens, and the prompt has at least 9. Shorten the prompt.",
    });
  });

  test.each([401, 404, 413, 429, 502])(
    "of a prompt that is too long counts nothing with status %d",
    (status) => {
      expect(failed(status, { error: "prompt is too long" }).code).not.toBe("context_length_exceeded");
    },
  );

  test("goes to the log as far as it is short", () => {
    expect(failed(500, "a".repeat(5_000)).cause).toEqual(new Error("a".repeat(4_096)));
  });
});

test.each([
  [{ "retry-after-ms": "250", "retry-after": "9" }, 250],
  [{ "retry-after-ms": "0" }, 0],
  [{ "retry-after-ms": "-1", "retry-after": "9" }, 9_000],
  [{ "retry-after-ms": "soon", "retry-after": "0" }, 0],
  [{ "retry-after": "1.5" }, 1_500],
  [{ "retry-after": "-1" }, undefined],
  [{ "retry-after": "Fri, 27 Nov 2026 00:00:10 GMT" }, 10_000],
  [{ "retry-after": "Thu, 26 Nov 2026 23:59:50 GMT" }, 0],
  [{ "retry-after": "later" }, undefined],
  [{}, undefined],
])("with %j it is asked again after %s ms", (headers: Readonly<Record<string, string>>, retryAfterMs) => {
  expect(failed(429, "", { headers }).retryAfterMs).toBe(retryAfterMs);
  expect(failed(503, "", { headers }).retryAfterMs).toBe(retryAfterMs);
  expect(failed(400, "", { headers }).retryAfterMs).toBeUndefined();
});
