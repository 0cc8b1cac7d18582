import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { spliceBody } from "./body-splice.ts";
import { scanRequest } from "./request-scan.ts";

const scan = (value: unknown) =>
  scanRequest(Buffer.from(typeof value === "string" ? value : JSON.stringify(value)));

describe("scanRequest", () => {
  it("reads what the platform must know", () => {
    const head = scan({
      messages: [{ role: "user", content: '"model":"wrong"' }],
      model: "a/b:c",
      stream: true,
      n: 2,
      stream_options: { include_usage: true },
    });
    expect(head).toMatchObject({ model: "a/b:c", stream: true, includeUsage: true, choices: 2 });
  });

  it.each([
    [{ max_tokens: 7 }, 7],
    [{ max_completion_tokens: 8 }, 8],
    [{ options: { temperature: 1, num_predict: 9 } }, 9],
    [{ options: { num_predict: -1 } }, undefined],
    [{ options: { deep: { num_predict: 9 } } }, undefined],
    [{ options: null }, undefined],
    [{ options: ["num_predict", 9] }, undefined],
  ])("reads what the reply may have of tokens: %o", (more, maxTokens) => {
    expect(scan({ model: "m", ...more })).toMatchObject({ maxTokens });
  });

  it.each([
    ["no model", {}, "model"],
    ["an empty model", { model: "" }, "model"],
    ["a model that is no string", { model: 1 }, "model"],
    ["a model with a control character", { model: "a\u0000b" }, "model"],
    ["a model with a line feed", { model: "a\nb" }, "model"],
    ["a model of a million emoji", { model: "😀".repeat(1_000_000) }, "model"],
    ["a stream that is no boolean", { model: "m", stream: "yes" }, "stream"],
    ["a count of choices out of range", { model: "m", n: 0 }, "n"],
    ["stream options that are no object", { model: "m", stream_options: [] }, "stream_options"],
    ["a duplicate model", '{"model":"a","model":"b"}', "model"],
  ])("names the field for %s", (_what, body, field) => {
    expect(() => scan(body)).toThrow(expect.objectContaining({ code: "invalid_request", field }));
  });

  it.each(["api_base", "base_url", "custom_host", "extra_headers", "user_config", "callbacks"])(
    "refuses %s, which would steer the call",
    (field) => {
      expect(() => scan({ model: "m", [field]: "http://10.0.0.1" })).toThrow(
        expect.objectContaining({ code: "unsupported_parameter", field }),
      );
    },
  );

  it("refuses a key that hides behind an escape", () => {
    expect(() => scan('{"mod\\u0065l":"a"}')).toThrow(expect.objectContaining({ code: "invalid_request" }));
  });

  it("says that nesting is too deep, for 5,000 levels and for a million", () => {
    for (const depth of [5_000, 1_000_000]) {
      expect(() => scan(`{"model":"m","messages":${"[".repeat(depth)}${"]".repeat(depth)}}`)).toThrow(
        /nesting too deep/,
      );
    }
  });

  it("refuses five million empty objects by their count", () => {
    const body = Buffer.from(`{"model":"m","messages":[${"{},".repeat(5_000_000)}{}]}`);
    expect(() => scanRequest(body)).toThrow(/too many values/);
  });
});

describe("spliceBody", () => {
  const changes = { model: "upstream/model", includeUsage: true };

  it("changes the model and asks for usage, and leaves every other byte alone", () => {
    const body = fc.record({
      messages: fc.array(fc.record({ role: fc.constant("user"), content: fc.string({ unit: "grapheme" }) })),
      model: fc.constant("alias"),
      stream_options: fc.option(fc.record({ include_usage: fc.boolean(), other: fc.nat() }), {
        nil: undefined,
      }),
      seed: fc.integer(),
    });
    fc.assert(
      fc.property(body, (value) => {
        const bytes = Buffer.from(JSON.stringify(value));
        const spliced: unknown = JSON.parse(spliceBody(bytes, scanRequest(bytes), changes).toString());
        expect(spliced).toEqual({
          ...value,
          model: changes.model,
          stream_options: { ...value.stream_options, include_usage: true },
        });
      }),
    );
  });

  it("returns the same buffer when there is nothing to change", () => {
    const bytes = Buffer.from('{"model":"m"}');
    expect(spliceBody(bytes, scanRequest(bytes), { model: "m", includeUsage: false })).toBe(bytes);
  });
});
