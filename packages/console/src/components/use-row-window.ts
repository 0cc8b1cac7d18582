import { type RefObject, useEffect, useState } from "react";

/** Of rows in a frame that scrolls: which are to be drawn, and how high what is left out is, in pixels. */
export interface RowWindow {
  readonly first: number;
  /** After the last. */
  readonly end: number;
  readonly before: number;
  readonly after: number;
}

/** Before there is a frame to measure; as the style has them. */
const usualRowHeight = 35;
const usualFrameHeight = 616;
/** Rows come and go by so many at once: less often than each is passed. */
const step = 8;
/** So many more are drawn at either side: the frame is scrolled before the page hears of it. */
const spare = 16;

/** Follows a frame of `count` rows of one height. It reads no layout while it is scrolled. */
export function useRowWindow(frame: RefObject<HTMLElement | null>, count: number): RowWindow {
  const [top, setTop] = useState(0);
  const [size, setSize] = useState({ row: usualRowHeight, frame: usualFrameHeight });
  useEffect(() => {
    const element = frame.current;
    if (element === null) return undefined;
    const follow = () => setTop(Math.floor(element.scrollTop / (size.row * step)) * step);
    const sizes = new ResizeObserver(() => {
      const row = element.querySelector("tbody tr[aria-rowindex]")?.getBoundingClientRect().height ?? 0;
      const found = { row: row || usualRowHeight, frame: element.clientHeight };
      setSize((before) => (before.row === found.row && before.frame === found.frame ? before : found));
    });
    follow();
    sizes.observe(element);
    element.addEventListener("scroll", follow, { passive: true });
    return () => {
      sizes.disconnect();
      element.removeEventListener("scroll", follow);
    };
  }, [frame, size.row]);
  const first = Math.max(0, Math.min(top, count) - spare);
  const end = Math.min(count, top + Math.ceil(size.frame / size.row) + step + spare);
  return { first, end, before: first * size.row, after: (count - end) * size.row };
}
