import { expect, test } from "vitest";
import { runConnections } from "./run-connections.ts";

/** Connections that a test ends by hand. */
function begin(most: number, fetchedBytes: () => number) {
  const opened: PromiseWithResolvers<void>[] = [];
  const aloneAtTheEnd: boolean[] = [];
  const givenUp: unknown[] = [];
  let looks = 0;
  const run = runConnections({
    most,
    async connect(isAlone) {
      const ending = Promise.withResolvers<void>();
      opened.push(ending);
      await ending.promise;
      aloneAtTheEnd.push(isAlone());
    },
    fetchedBytes() {
      looks++;
      return fetchedBytes();
    },
    giveUp: (error) => void givenUp.push(error),
  });
  return { run, opened, aloneAtTheEnd, givenUp, looks: () => looks };
}

test("a connection that brings little is followed by others, up to their bound", async () => {
  const { run, opened, aloneAtTheEnd } = begin(3, () => 0);
  expect(opened).toHaveLength(1);
  await expect.poll(() => opened.length).toBe(3);
  for (const { resolve } of opened) resolve();
  await run;
  expect(opened).toHaveLength(3);
  expect(aloneAtTheEnd[0]).toBe(false);
});

test("one that brings much stays alone", async () => {
  const bytesPerMs = 1_000_000;
  const { run, opened, aloneAtTheEnd, looks } = begin(3, () => performance.now() * bytesPerMs);
  await expect.poll(looks).toBeGreaterThan(3);
  expect(opened).toHaveLength(1);
  opened[0]?.resolve();
  await run;
  expect(aloneAtTheEnd).toEqual([true]);
});

test("one that brings little for a moment, and then much again, stays alone", async () => {
  const muchBytes = 1e15;
  let calls = 0;
  const { run, opened, aloneAtTheEnd, looks } = begin(3, () => Math.floor(calls++ / 3) * muchBytes);
  await expect.poll(looks, { timeout: 20_000 }).toBeGreaterThan(12);
  expect(opened).toHaveLength(1);
  opened[0]?.resolve();
  await run;
  expect(aloneAtTheEnd).toEqual([true]);
});

test("when one fails for good the others are given up, and their end is waited for", async () => {
  const { run, opened, givenUp } = begin(2, () => 0);
  const failing = expect(run).rejects.toThrow("broke");
  await expect.poll(() => opened.length).toBe(2);
  opened[1]?.reject(new Error("broke"));
  await expect.poll(() => givenUp.length).toBe(1);
  opened[0]?.reject(new Error("given up"));
  await failing;
});
