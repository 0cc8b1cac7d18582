import { type RefObject, useEffect, useLayoutEffect, useState } from "react";

/** How large the parts of a table are, in pixels. */
export interface TableSizes {
  readonly row: number;
  readonly frame: number;
  /** Of each column; undefined while the browser is to find them out. */
  readonly columns: readonly number[] | undefined;
}

interface Found {
  readonly columns: readonly unknown[];
  readonly row: number;
  readonly widths: readonly number[];
  /** Columns with a text that is too long for any width they may have. */
  readonly isCut: readonly boolean[];
}

/** Before there is a frame to measure; as the style has them. */
const usualRowHeight = 35;
const usualFrameHeight = 616;
/** After what is shown has changed, until it is looked at: not while one scrolls. */
const restMs = 200;
const rowSelector = "tbody tr[aria-rowindex]";

/**
 * Measures a table whose rows are of one height. Where there are many, the browser finds out the widths of the columns once,
 * and again where the frame, the columns or a text that is wider ask for it: with widths that are known a row that comes
 * or goes has no other laid out.
 */
export function useTableSizes(
  frame: RefObject<HTMLElement | null>,
  {
    columns,
    rows,
    isTall,
  }: { readonly columns: readonly unknown[]; readonly rows: unknown; readonly isTall: boolean },
): TableSizes {
  const [size, setSize] = useState({ width: 0, height: usualFrameHeight });
  const [last, setFound] = useState<Found>();
  const found = isTall && last?.columns === columns ? last : undefined;
  useEffect(() => {
    const element = frame.current;
    if (element === null) return undefined;
    const sizes = new ResizeObserver(() => {
      const next = { width: element.clientWidth, height: element.clientHeight };
      setSize((before) => (before.width === next.width && before.height === next.height ? before : next));
    });
    sizes.observe(element);
    return () => sizes.disconnect();
  }, [frame]);
  useLayoutEffect(() => setFound(undefined), [size]);
  useLayoutEffect(() => {
    if (frame.current !== null && isTall && found === undefined) setFound(measure(frame.current, columns));
  }, [frame, columns, isTall, found]);
  useEffect(() => {
    const element = frame.current;
    if (element === null || found === undefined) return undefined;
    const look = () => (isOutgrown(element, found) ? setFound(undefined) : undefined);
    let timer = setTimeout(look, restMs);
    const wait = () => {
      clearTimeout(timer);
      timer = setTimeout(look, restMs);
    };
    element.addEventListener("scroll", wait, { passive: true });
    return () => {
      clearTimeout(timer);
      element.removeEventListener("scroll", wait);
    };
  }, [frame, rows, found]);
  return {
    row: found?.row ?? last?.row ?? usualRowHeight,
    frame: size.height,
    columns: found?.widths,
  };
}

function measure(frame: HTMLElement, columns: readonly unknown[]): Found {
  const widths = [...frame.querySelectorAll("thead th")].map((head) => head.getBoundingClientRect().width);
  const row = frame.querySelector(rowSelector)?.getBoundingClientRect().height ?? 0;
  const isCut = widths.map(() => false);
  forEachCell(frame, (cell, at) => {
    if (isTooWide(cell)) isCut[at] = true;
  });
  return { columns, row: row || usualRowHeight, widths, isCut };
}

function isOutgrown(frame: HTMLElement, { isCut }: Found): boolean {
  let isOne = false;
  forEachCell(frame, (cell, at) => {
    isOne ||= isCut[at] !== true && isTooWide(cell);
  });
  return isOne;
}

function forEachCell(frame: HTMLElement, look: (cell: Element, at: number) => void): void {
  for (const row of frame.querySelectorAll(rowSelector)) {
    let at = 0;
    for (const cell of row.children) look(cell, at++);
  }
}

/** Both widths are rounded. */
function isTooWide({ scrollWidth, clientWidth }: Element): boolean {
  return scrollWidth > clientWidth + 1;
}
