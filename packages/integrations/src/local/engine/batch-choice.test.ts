import type { BatchItem, Token } from "node-llama-cpp";
import { describe, expect, it } from "vitest";
import { createBatchChoice, toPlaceInStep } from "./batch-choice.ts";

function item(tokens: number, sequence = 0): BatchItem {
  // A token is a number under a name of the library's own.
  const token = 1 as Token;
  return {
    tokens: Array.from({ length: tokens }, () => token),
    logits: [],
    evaluationPriority: toPlaceInStep(sequence),
  };
}

function amounts(lengths: readonly number[], size: number): readonly number[] {
  const items = lengths.map(item);
  const chosen = createBatchChoice(() => 0)({ items, size });
  return items.map((each) => chosen.find((one) => one.item === each)?.processAmount ?? 0);
}

describe("a step", () => {
  it.each<readonly [lengths: readonly number[], size: number, amounts: readonly number[]]>([
    [[1, 1, 1], 512, [1, 1, 1]],
    [[700], 512, [512]],
    [[1, 700], 512, [1, 511]],
    [[600, 1, 600], 513, [256, 1, 256]],
    [[1, 1, 1], 2, [0, 1, 1]],
    [[], 512, []],
  ])("of %j within %d tokens takes %j", (lengths, size, expected) => {
    expect(amounts(lengths, size)).toEqual(expected);
  });

  it("has its sequences in their order, whatever came first and whatever is longest", () => {
    const items = [item(1, 7), item(300, 2), item(1, 0), item(2, 11)];
    const chosen = createBatchChoice(() => 0)({ items, size: 512 });
    expect(chosen.map((one) => one.item.evaluationPriority)).toEqual([0, 2, 7, 11]);
  });

  it("waits for all that generate, and not for ever", () => {
    const choose = createBatchChoice(() => 2);
    const [first, second] = [item(1), item(1)];
    expect(choose({ items: [first], size: 8 })).toEqual([]);
    expect(choose({ items: [first, second], size: 8 })).toHaveLength(2);
    let looks = 1;
    while (choose({ items: [first], size: 8 }).length === 0) looks += 1;
    expect(looks).toBe(33);
    expect(choose({ items: [first], size: 8 })).toEqual([]);
  });
});
