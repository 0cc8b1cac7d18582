import { setTimeout as wait } from "node:timers/promises";
import type { Page } from "playwright-core";

const scrollMs = 6_000;
/** How the wheel is turned. */
export interface Wheel {
  readonly turnMs: number;
  readonly turnPixels: number;
}

/** As one who reads turns it, 70 rows a second, and as fast as it goes. */
export const wheels = {
  reading: { turnMs: 50, turnPixels: 120 },
  fling: { turnMs: 30, turnPixels: 400 },
} as const satisfies Readonly<Record<string, Wheel>>;

const middle = { x: 640, y: 600 } as const;

/**
 * Turns the wheel over the middle of the page for six seconds, whether the page keeps up or not.
 * Who waits for each turn to be answered turns more slowly on a page that is slow.
 */
export async function turnWheel(page: Page, { turnMs, turnPixels }: Wheel): Promise<void> {
  const session = await page.context().newCDPSession(page);
  await page.mouse.move(middle.x, middle.y);
  const startMs = performance.now();
  const turns: Promise<unknown>[] = [];
  for (let atMs = 0; atMs < scrollMs; atMs += turnMs) {
    await wait(Math.max(0, startMs + atMs - performance.now()));
    turns.push(
      session.send("Input.dispatchMouseEvent", {
        ...middle,
        type: "mouseWheel",
        deltaX: 0,
        deltaY: turnPixels,
      }),
    );
  }
  await Promise.all(turns);
  await session.detach();
}

/** A page that holds nothing but so many rows of plain text: what this machine can scroll at its best. */
export function barePage(rows: number): string {
  const lines = Array.from(
    { length: rows },
    (_row, at) =>
      `<p style="top:${at * rowHeight}px">${at} 12:00:00 ok bench mock bench 12 ms 11 ms 3 + 1 0 1</p>`,
  );
  return `<!doctype html>
<style>
  body { margin: 0; font: 14px sans-serif; }
  main { position: relative; overflow: auto; height: 704px; margin: 98px 32px; background: #fff; }
  div { height: ${rows * rowHeight}px; }
  p { position: absolute; left: 0; width: 1100px; height: ${rowHeight}px; margin: 0; white-space: pre; contain: strict; }
</style>
<main><div>${lines.join("")}</div></main>`;
}

const rowHeight = 41;
