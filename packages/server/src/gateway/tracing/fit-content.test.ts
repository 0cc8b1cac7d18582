import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { KnownSecrets } from "../../core/known-secrets.ts";
import { ContentFitter, cutSlack, cutText } from "./fit-content.ts";
import { OutputCollector } from "./output-collector.ts";

const text = (content: string) => ({ type: "text", content });
const user = (content: string) => ({ role: "user", parts: [text(content)] });
const none = new KnownSecrets();

function knowing(secret: string): KnownSecrets {
  const secrets = new KnownSecrets();
  secrets.learn([secret]);
  return secrets;
}

describe("content that is fitted into its bound", () => {
  test("stays as it is where there is room", () => {
    const messages = [user("one"), { role: "assistant", parts: [], finish_reason: "stop" }];
    expect(new ContentFitter(1_000, none).messages(messages)).toEqual({
      value: messages,
      isTruncated: false,
    });
  });

  test("loses its first messages first, and of parts the last", () => {
    const fitter = new ContentFitter(120, none);
    const { value, isTruncated } = fitter.messages([user("first ".repeat(20)), user("last")]);
    expect(isTruncated).toBe(true);
    expect(value.at(-1)).toEqual(user("last"));
    expect(fitter.parts([text("one"), text("two ".repeat(50))]).value[0]).toEqual(text("one"));
  });

  test("shows the beginning of arguments that are too long as a text", () => {
    const call = { type: "tool_call", id: "c", name: "look", arguments: { at: "x".repeat(500) } };
    const { value, isTruncated } = new ContentFitter(150, none).parts([call]);
    expect(isTruncated).toBe(true);
    expect(value).toEqual([{ ...call, arguments: expect.stringMatching(/^\{"at":"x+$/) }]);
  });

  test("is never larger than its bound, nor broken JSON, whatever is in it", () => {
    const part = fc.record({
      type: fc.constant("text"),
      content: fc.string({ unit: "binary", maxLength: 60 }),
    });
    const message = fc.record({
      role: fc.constantFrom("user", "assistant"),
      parts: fc.array(part, { maxLength: 3 }),
    });
    fc.assert(
      fc.property(
        fc.array(message, { maxLength: 3 }),
        fc.integer({ min: 10, max: 300 }),
        (messages, maxBytes) => {
          const { value, isTruncated } = new ContentFitter(maxBytes, none).messages(messages);
          expect(Buffer.byteLength(JSON.stringify(value))).toBeLessThanOrEqual(maxBytes);
          if (!isTruncated) expect(value).toEqual(messages);
        },
      ),
    );
  });

  test("shows no part of a secret that a cut goes through", () => {
    const secret = "sk-0123456789-0123456789-0123456789";
    for (const before of [985, 1_000, 1_000 + cutSlack - 10]) {
      const long = `${"a".repeat(before)}${secret}${"b".repeat(6_000)}`;
      const shown = JSON.stringify(new ContentFitter(1_000, knowing(secret)).messages([user(long)]).value);
      expect(shown).not.toContain("sk-01");
      const output = new OutputCollector(1_000);
      for (const content of long.match(/.{1,7}/g) ?? []) output.note({ type: "delta", choice: 0, content });
      expect(output.isFull).toBe(true);
      expect(JSON.stringify(output.messages(knowing(secret)))).not.toContain("sk-01");
    }
  });
});

test("a text is cut where a character ends, by its size as JSON has it", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.nat(60), (whole, maxBytes) => {
      const cut = cutText(whole, maxBytes);
      expect(whole.startsWith(cut)).toBe(true);
      expect(Buffer.byteLength(JSON.stringify(cut)) - 2).toBeLessThanOrEqual(maxBytes);
      const next = whole.codePointAt(cut.length);
      if (next === undefined) return;
      const longer = cut + String.fromCodePoint(next);
      expect(Buffer.byteLength(JSON.stringify(longer)) - 2).toBeGreaterThan(maxBytes);
    }),
  );
});
