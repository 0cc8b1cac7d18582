import { expect, it } from "vitest";
import { KeptFrames } from "./kept-frames.ts";

function keep(seqs: readonly number[], mostLength = 1_000): KeptFrames {
  const kept = new KeptFrames();
  for (const seq of seqs) kept.add({ seq, text: "0123456789" }, mostLength);
  return kept;
}

function seqsOf(kept: KeptFrames, after = 0): readonly number[] {
  return kept.after(after).map(({ seq }) => seq);
}

it("keeps frames until the client has them", () => {
  const kept = keep([1, 2, 5, 6]);
  expect(seqsOf(kept, 2)).toEqual([5, 6]);
  kept.release(5);
  expect([seqsOf(kept), kept.length, kept.lostSeq]).toEqual([[6], 10, 0]);
  kept.release(100);
  expect([seqsOf(kept), kept.length, kept.isEmpty]).toEqual([[], 0, true]);
});

it("lets the oldest go where they become too many, and says up to which", () => {
  const kept = keep([1, 2, 3, 4, 5], 30);
  expect([seqsOf(kept), kept.length, kept.lostSeq]).toEqual([[3, 4, 5], 30, 2]);
});

it("keeps the newest however large it is", () => {
  const kept = keep([1], 30);
  kept.add({ seq: 2, text: "x".repeat(100) }, 30);
  expect([seqsOf(kept), kept.lostSeq]).toEqual([[2], 1]);
});
