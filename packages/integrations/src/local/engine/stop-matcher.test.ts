import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { StopMatcher } from "./stop-matcher.ts";

function feed(pieces: readonly string[], stops: readonly string[]): { sent: string; isStopped: boolean } {
  const matcher = new StopMatcher(stops);
  let sent = "";
  for (const piece of pieces) {
    const { text, isStopped } = matcher.push(piece);
    sent += text;
    if (isStopped) return { sent, isStopped };
  }
  return { sent: sent + matcher.end(), isStopped: false };
}

describe("StopMatcher", () => {
  it("cuts at a stop string that lies across pieces", () => {
    expect(feed(["one ST", "O", "P two"], ["STOP"])).toEqual({ sent: "one ", isStopped: true });
  });

  it("gives back what it held when the text ends", () => {
    expect(feed(["one ST"], ["STOP"])).toEqual({ sent: "one ST", isStopped: false });
  });

  it("cuts at the earliest of several stop strings", () => {
    expect(feed(["a b c"], ["c", "b"])).toEqual({ sent: "a ", isStopped: true });
  });

  it("sends text at once when no stop string can follow", () => {
    const matcher = new StopMatcher(["###"]);
    expect(matcher.push("hello")).toEqual({ text: "hello", isStopped: false });
  });

  it("sends for any split what it would send for the whole text", () => {
    const letters = fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 30 });
    const stops = fc.array(fc.string({ unit: fc.constantFrom("a", "b"), minLength: 1, maxLength: 4 }), {
      maxLength: 3,
    });
    fc.assert(
      fc.property(fc.array(letters, { maxLength: 8 }), stops, (pieces, stopStrings) => {
        const whole = pieces.join("");
        const ends = stopStrings.map((stop) => whole.indexOf(stop)).filter((at) => at >= 0);
        const { sent, isStopped } = feed(pieces, stopStrings);
        if (ends.length === 0) expect({ sent, isStopped }).toEqual({ sent: whole, isStopped: false });
        // A longer stop string may complete only after a shorter, later one: then the shorter one cuts.
        else
          expect(
            isStopped && whole.startsWith(sent) && !stopStrings.some((stop) => sent.includes(stop)),
          ).toBe(true);
      }),
    );
  });
});
