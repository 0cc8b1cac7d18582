import { expect, test } from "vitest";
import { spliceBody } from "./body-splice.ts";
import { scanRequest } from "./request-scan.ts";

function spliced(
  text: string,
  changes: { readonly model?: string; readonly includeUsage?: boolean },
): string {
  const body = Buffer.from(text);
  const head = scanRequest(body);
  return spliceBody(body, head, {
    model: changes.model ?? head.model,
    includeUsage: changes.includeUsage ?? false,
  }).toString();
}

test("a new name of the model changes nothing else", () => {
  expect(spliced('{ "model":"a", "stream":true,"x":1.0 }', { model: 'b"' })).toBe(
    '{ "model":"b\\"", "stream":true,"x":1.0 }',
  );
});

test("asking for the usage leaves the model as it was written", () => {
  expect(spliced('{"model":"a\\u002fb","stream":true}', { includeUsage: true })).toBe(
    '{"stream_options":{"include_usage":true},"model":"a\\u002fb","stream":true}',
  );
});

test.each([
  ['{"include_usage":false,"more":1}', '{"include_usage":true,"more":1}'],
  ["null", '{"include_usage":true}'],
])("of options that were %s it makes %s", (written, expected) => {
  const text = (options: string) => `{"model":"a","stream":true,"stream_options":${options}}`;
  expect(spliced(text(written), { includeUsage: true })).toBe(text(expected));
});
