import { useEffect, useRef, useSyncExternalStore } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { usePreferences, useText } from "../text/use-text.ts";
import { componentMessages } from "./messages.ts";
import { NumberTable, PlotFrame, seriesColour } from "./plot-frame.tsx";
import styles from "./plot.module.css";
import { useFormats } from "./use-formats.ts";

export interface Series {
  readonly label: string;
  /** As many as there are times; null for a gap. */
  readonly values: readonly (number | null)[];
  /** A line where it is not said: `area` is filled down to nothing, `limit` is dashed. */
  readonly look?: "area" | "limit";
}

interface PlotProps {
  /** Says what is plotted, to who does not see it. */
  readonly label: string;
  /** Milliseconds since the epoch, rising. */
  readonly timesMs: readonly number[];
  readonly series: readonly Series[];
  format(value: number | null): string;
  /** In rem. */
  readonly height?: number;
  /** Areas that lie on one another, so that the uppermost is the sum of all. */
  readonly isStacked?: boolean;
}

const daySeconds = 86_400;

/** Lines or areas over time, and the same numbers as a table for who would rather read them. */
export function Plot({ height = 13, isStacked = false, ...plot }: PlotProps) {
  const { label, timesMs, series, format } = plot;
  const formats = useFormats();
  const say = useText(componentMessages);
  const table = (
    <NumberTable
      label={label}
      titles={[say("time"), ...series.map(({ label: name }) => name)]}
      rows={timesMs.map((atMs, row) => ({
        key: String(atMs),
        head: formats.time(new Date(atMs), Date.now()),
        cells: series.map(({ values }) => format(values[row] ?? null)),
      }))}
    />
  );
  return (
    <PlotFrame label={label} legend={<Legend series={series} format={format} />} table={table}>
      <Canvas
        timesMs={timesMs}
        series={isStacked ? stackOf(series) : series}
        format={format}
        height={height}
        isStacked={isStacked}
      />
    </PlotFrame>
  );
}

function Legend({ series, format }: Pick<PlotProps, "series" | "format">) {
  return (
    <ul className={styles["legend"]}>
      {series.map(({ label, values, look }, at) => (
        <li key={label}>
          <span className={styles["swatch"]} data-look={look} style={{ color: `var(${seriesColour(at)})` }} />
          {label} <strong>{format(values.findLast((value) => value !== null) ?? null)}</strong>
        </li>
      ))}
    </ul>
  );
}

/** Each with all before it added. */
function stackOf(series: readonly Series[]): readonly Series[] {
  const sums: number[] = [];
  return series.map((each) => ({
    ...each,
    values: each.values.map((value, at) => (sums[at] = (sums[at] ?? 0) + (value ?? 0))),
  }));
}

/** Drawn by uPlot; the table beside it is what a reader of the page can use. */
function Canvas({
  timesMs,
  series,
  format,
  height,
  isStacked,
}: Pick<PlotProps, "timesMs" | "series" | "format"> & {
  readonly height: number;
  readonly isStacked: boolean;
}) {
  const { language, theme } = usePreferences();
  const isDark = useSyncExternalStore(watchScheme, readScheme);
  const place = useRef<HTMLDivElement>(null);
  const drawn = useRef<uPlot>(undefined);
  const formatNow = useRef(format);
  formatNow.current = format;
  const shapes = JSON.stringify(series.map(({ label, look = "line" }) => ({ label, look })));
  useEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    const lines: readonly Line[] = JSON.parse(shapes);
    const plot = new uPlot(
      toOptions({
        element,
        lines,
        height,
        language,
        isStacked,
        format: (value) => formatNow.current(value),
      }),
      [[], ...lines.map(() => [])],
      element,
    );
    drawn.current = plot;
    const resized = new ResizeObserver(() =>
      plot.setSize({ width: element.clientWidth, height: height * remPixels() }),
    );
    resized.observe(element);
    return () => {
      resized.disconnect();
      plot.destroy();
    };
  }, [shapes, height, language, theme, isDark, isStacked]);
  useEffect(() => {
    drawn.current?.setData([timesMs.map((atMs) => atMs / 1_000), ...series.map(({ values }) => [...values])]);
  });
  return <div ref={place} style={{ minHeight: `${height}rem` }} aria-hidden="true" />;
}

const darkScheme = "(prefers-color-scheme: dark)";

function watchScheme(listener: () => void): () => void {
  const query = matchMedia(darkScheme);
  query.addEventListener("change", listener);
  return () => query.removeEventListener("change", listener);
}

function readScheme(): boolean {
  return matchMedia(darkScheme).matches;
}

interface Line {
  readonly label: string;
  readonly look: "line" | "area" | "limit";
}

interface Drawing {
  readonly element: HTMLElement;
  readonly lines: readonly Line[];
  readonly isStacked: boolean;
  readonly height: number;
  readonly language: string;
  format(value: number | null): string;
}

function toOptions({ element, lines, height, language, isStacked, format }: Drawing): uPlot.Options {
  const style = getComputedStyle(element);
  const rem = remPixels();
  // What the tokens come to in the theme of now: a canvas knows no variables.
  const colour = (name: string) => resolveColour(element, `var(${name})`);
  const fill = (at: number) =>
    resolveColour(element, `color-mix(in srgb, var(${seriesColour(at)}) 28%, transparent)`);
  const axis = {
    stroke: colour("--text-faint"),
    grid: { stroke: colour("--line"), width: 1 },
    ticks: { show: false },
    font: `${Math.round(rem * 0.8)}px ${style.fontFamily}`,
  };
  return {
    width: element.clientWidth || 300,
    height: height * rem,
    legend: { show: false },
    cursor: { y: false, points: { size: 6 } },
    padding: [8, rem * 1.7, 0, 0],
    axes: [
      {
        ...axis,
        size: rem * 2,
        space: rem * 5,
        values: (_plot, ticks) => {
          const [first = 0, second = 0] = ticks;
          const { format: formatTick } = new Intl.DateTimeFormat(
            language,
            second - first < daySeconds
              ? { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }
              : { day: "numeric", month: "short" },
          );
          return ticks.map((seconds) => formatTick(seconds * 1_000));
        },
      },
      { ...axis, size: rem * 4.6, values: (_plot, ticks) => ticks.map((tick) => format(tick)) },
    ],
    scales: { y: { range: (_plot, _low, high) => [0, high > 0 ? high * 1.1 : 1] } },
    series: [
      {},
      ...lines.map(({ label, look }, at) => ({
        label,
        stroke: colour(seriesColour(at)),
        width: 1.6,
        ...(look === "limit" ? { dash: [6, 4] } : {}),
        ...(look === "area" || (isStacked && at === 0) ? { fill: fill(at) } : {}),
        points: {
          show: true,
          size: 5,
          filter: (plot: uPlot, index: number) => loneValues(plot.data[index] ?? []),
        },
        spanGaps: false,
      })),
    ],
    // Between each and the one below it.
    ...(isStacked ? { bands: lines.slice(1).map((_line, at) => toBand(at + 1, fill)) } : {}),
  };
}

function toBand(at: number, fill: (at: number) => string): uPlot.Band {
  return { series: [at + 1, at], fill: fill(at) };
}

/** Places of values that no line would show, for there is nothing beside them. */
function loneValues(values: ArrayLike<number | null | undefined>): number[] {
  const isThere = (at: number) => values[at] !== null && values[at] !== undefined;
  return Array.from(values, (_value, at) => at).filter(
    (at) => isThere(at) && !isThere(at - 1) && !isThere(at + 1),
  );
}

/** Large windows have larger letters, and a canvas knows pixels alone. */
function remPixels(): number {
  return Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
}

function resolveColour(element: HTMLElement, value: string): string {
  const probe = document.createElement("span");
  probe.style.color = value;
  element.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
