import { expect, test } from "vitest";
import { createProgress } from "./progress.ts";

function start(isTerminal: boolean) {
  const clock = { nowMs: 0 };
  const written: string[] = [];
  const output = {
    format: "table" as const,
    out: () => expect.fail("progress is no data"),
    whole: () => expect.fail("progress is no data"),
    err: (text: string) => void written.push(text),
  };
  return { progress: createProgress({ output, isTerminal, nowMs: () => clock.nowMs }), clock, written };
}

test("off a terminal there is a plain line every five seconds, and none for what is done sooner", () => {
  const { progress, clock, written } = start(false);
  for (clock.nowMs = 0; clock.nowMs <= 12_000; clock.nowMs += 1_000)
    progress.update("copy", clock.nowMs * 1_000, 20_000_000);
  progress.end();
  expect(written).toEqual([
    "copy: 25% (5.0 MB of 20.0 MB, 1.0 MB/s, 15 s left)\n",
    "copy: 50% (10.0 MB of 20.0 MB, 1.0 MB/s, 10 s left)\n",
  ]);
});

test("on a terminal one line changes, and is gone at the end", () => {
  const { progress, clock, written } = start(true);
  progress.update("copy", 0, 200);
  progress.update("copy", 50, 200);
  clock.nowMs = 1_000;
  progress.update("copy", 100, 200);
  progress.end();
  progress.end();
  expect(written).toEqual([
    "\r\u001B[Kcopy: 0% (0 B of 200 B)",
    "\r\u001B[Kcopy: 50% (100 B of 200 B, 100 B/s, 1 s left)",
    "\r\u001B[K",
  ]);
});

test("what has no known end tells how long it takes", () => {
  const { progress, clock, written } = start(false);
  progress.update("the server makes it", 0, 0);
  clock.nowMs = 5_000;
  progress.update("the server makes it", 0, 0);
  expect(written).toEqual(["the server makes it: 5 s\n"]);
});
