import { type RefObject, useEffect, useState } from "react";
import type { TableSizes } from "./use-table-sizes.ts";

/** Of rows in a frame that scrolls: which are to be drawn, and how high what is left out is, in pixels. */
export interface RowWindow {
  readonly first: number;
  /** After the last. */
  readonly end: number;
  readonly before: number;
  readonly after: number;
  /** Whether one scrolls right now. */
  readonly isMoving: boolean;
}

/** Rows come and go by so many at once: less often than each is passed. */
const step = 4;
/** So many more are drawn at either side: the frame is scrolled before the page hears of it. */
const spare = 18;
/** Without a scroll event it rests. */
const restMs = 150;

/** Follows a frame of `count` rows of one height. It reads no layout while it is scrolled. */
export function useRowWindow(
  frame: RefObject<HTMLElement | null>,
  count: number,
  size: TableSizes,
): RowWindow {
  const [top, setTop] = useState(0);
  const [isMoving, setIsMoving] = useState(false);
  useEffect(() => {
    const element = frame.current;
    if (element === null) return undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const follow = () => setTop(Math.floor(element.scrollTop / (size.row * step)) * step);
    const move = () => {
      clearTimeout(timer);
      timer = setTimeout(() => setIsMoving(false), restMs);
      setIsMoving(true);
      follow();
    };
    follow();
    element.addEventListener("scroll", move, { passive: true });
    return () => {
      clearTimeout(timer);
      element.removeEventListener("scroll", move);
    };
  }, [frame, size.row]);
  // As many at the ends as between them: no element has to be made on the way.
  const most = Math.ceil(size.frame / size.row) + step + 2 * spare;
  const first = Math.max(0, Math.min(top - spare, count - most));
  const end = Math.min(count, first + most);
  return { first, end, before: first * size.row, after: (count - end) * size.row, isMoving };
}
