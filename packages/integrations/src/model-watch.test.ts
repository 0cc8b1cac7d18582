import { type ModelInfo, PlatformError } from "@llm-platform/kit";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createModelWatch } from "./model-watch.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const model = (id: string, ...operations: ModelInfo["operations"]): ModelInfo => ({ id, operations });

/** A watch that finds, look by look, what `looks` holds; an error is thrown. */
function watchOf(...looks: readonly (readonly ModelInfo[] | Error)[]) {
  const changes: string[][] = [];
  const failures: unknown[] = [];
  const signals: AbortSignal[] = [];
  const watch = createModelWatch({
    refreshMs: 1_000,
    async fetchModels(signal) {
      signals.push(signal);
      const found = looks[Math.min(signals.length, looks.length) - 1] ?? [];
      if (found instanceof Error) throw found;
      return found;
    },
    onChanged: (models) => void changes.push(models.map(({ id }) => id)),
    onFailure: (error) => void failures.push(error),
  });
  return { watch, changes, failures, signals };
}

const never = new AbortController().signal;

test("looks on the timer and tells what is new, but not the first set", async () => {
  const { watch, changes } = watchOf([model("a")], [model("a"), model("b")], [model("b"), model("a")]);
  await watch.list(never);
  watch.begin();
  await vi.advanceTimersByTimeAsync(999);
  expect(changes).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  expect(changes).toEqual([["a", "b"]]);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(changes).toHaveLength(1);
  watch.stop();
});

test("tells when a model can be asked for something else", async () => {
  const { watch, changes } = watchOf([model("a", "chat")], [model("a", "chat", "embedding")]);
  await watch.list(never);
  await watch.list(never);
  expect(changes).toEqual([["a"]]);
});

test("goes on after a look that failed", async () => {
  const failure = new PlatformError("upstream_error", "Gone.");
  const { watch, changes, failures } = watchOf([model("a")], failure, [model("b")]);
  await watch.list(never);
  watch.begin();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(failures).toEqual([failure]);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(changes).toEqual([["b"]]);
  watch.stop();
});

test("does nothing more once it is stopped", async () => {
  const { watch, signals } = watchOf([model("a")]);
  watch.begin();
  await vi.advanceTimersByTimeAsync(1_000);
  watch.stop();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(signals).toHaveLength(1);
  expect(signals[0]?.aborted).toBe(true);
  expect(vi.getTimerCount()).toBe(0);
});
