import { useEffect, useRef, useState, useSyncExternalStore } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { usePreferences, useText } from "../text/use-text.ts";
import { IconButton } from "./button.tsx";
import { componentMessages } from "./messages.ts";
import styles from "./plot.module.css";
import { useFormats } from "./use-formats.ts";

export interface Series {
  readonly label: string;
  /** As many as there are times; null for a gap. */
  readonly values: readonly (number | null)[];
}

interface PlotProps {
  /** Says what is plotted, to who does not see it. */
  readonly label: string;
  /** Milliseconds since the epoch, rising. */
  readonly timesMs: readonly number[];
  readonly series: readonly Series[];
  format(value: number | null): string;
  readonly height?: number;
}

const daySeconds = 86_400;
const colours = [1, 2, 3, 4, 5, 6].map((at) => `--series-${at}`);

/** Lines over time, and the same numbers as a table for who would rather read them. */
export function Plot({ label, timesMs, series, format, height = 180 }: PlotProps) {
  const say = useText(componentMessages);
  const [isTable, setIsTable] = useState(false);
  return (
    <figure className={styles["plot"]} aria-label={label}>
      <div className={styles["head"]}>
        <ul className={styles["legend"]}>
          {series.map(({ label: name, values }, at) => (
            <li key={name}>
              <span
                className={styles["swatch"]}
                style={{ background: `var(${colours[at % colours.length]})` }}
              />
              {name} <strong>{format(values.at(-1) ?? null)}</strong>
            </li>
          ))}
        </ul>
        <IconButton
          icon={isTable ? "chart" : "table"}
          label={say(isTable ? "as_plot" : "as_table")}
          onClick={() => setIsTable(!isTable)}
        />
      </div>
      {isTable ? (
        <PlotTable label={label} timesMs={timesMs} series={series} format={format} />
      ) : (
        <Canvas timesMs={timesMs} series={series} format={format} height={height} />
      )}
    </figure>
  );
}

function PlotTable({ label, timesMs, series, format }: Omit<PlotProps, "height">) {
  const formats = useFormats();
  const say = useText(componentMessages);
  return (
    <div className={styles["table"]} tabIndex={0} role="group" aria-label={label}>
      <table>
        <thead>
          <tr>
            <th scope="col">{say("time")}</th>
            {series.map(({ label: name }) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {timesMs.map((atMs, row) => (
            <tr key={atMs}>
              <td>{formats.time(new Date(atMs), Date.now())}</td>
              {series.map(({ label: name, values }) => (
                <td key={name}>{format(values[row] ?? null)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Drawn by uPlot; the table beside it is what a reader of the page can use. */
function Canvas({
  timesMs,
  series,
  format,
  height,
}: Pick<PlotProps, "timesMs" | "series" | "format"> & { readonly height: number }) {
  const { language, theme } = usePreferences();
  const isDark = useSyncExternalStore(watchScheme, readScheme);
  const place = useRef<HTMLDivElement>(null);
  const drawn = useRef<uPlot>(undefined);
  const formatNow = useRef(format);
  formatNow.current = format;
  const names = JSON.stringify(series.map(({ label }) => label));
  useEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    const labels: readonly string[] = JSON.parse(names);
    const plot = new uPlot(
      toOptions({ element, labels, height, language, format: (value) => formatNow.current(value) }),
      [[], ...labels.map(() => [])],
      element,
    );
    drawn.current = plot;
    const resized = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height }));
    resized.observe(element);
    return () => {
      resized.disconnect();
      plot.destroy();
    };
  }, [names, height, language, theme, isDark]);
  useEffect(() => {
    drawn.current?.setData([timesMs.map((atMs) => atMs / 1_000), ...series.map(({ values }) => [...values])]);
  });
  return <div ref={place} style={{ minHeight: height }} aria-hidden="true" />;
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

interface Drawing {
  readonly element: HTMLElement;
  readonly labels: readonly string[];
  readonly height: number;
  readonly language: string;
  format(value: number | null): string;
}

function toOptions({ element, labels, height, language, format }: Drawing): uPlot.Options {
  const style = getComputedStyle(element);
  // What the tokens come to in the theme of now: a canvas knows no variables.
  const colour = (name: string) => resolveColour(element, name);
  const axis = {
    stroke: colour("--text-faint"),
    grid: { stroke: colour("--line"), width: 1 },
    ticks: { show: false },
    font: `11px ${style.fontFamily}`,
  };
  return {
    width: element.clientWidth || 300,
    height,
    legend: { show: false },
    cursor: { y: false, points: { size: 6 } },
    padding: [8, 20, 0, 0],
    axes: [
      {
        ...axis,
        size: 28,
        space: 70,
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
      { ...axis, size: 64, values: (_plot, ticks) => ticks.map((tick) => format(tick)) },
    ],
    scales: { y: { range: (_plot, _low, high) => [0, high > 0 ? high * 1.1 : 1] } },
    series: [
      {},
      ...labels.map((label, at) => ({
        label,
        stroke: colour(colours[at % colours.length] ?? "--series-1"),
        width: 1.6,
        points: {
          show: true,
          size: 5,
          filter: (plot: uPlot, index: number) => loneValues(plot.data[index] ?? []),
        },
        spanGaps: false,
      })),
    ],
  };
}

/** Places of values that no line would show, for there is nothing beside them. */
function loneValues(values: ArrayLike<number | null | undefined>): number[] {
  const isThere = (at: number) => values[at] !== null && values[at] !== undefined;
  return Array.from(values, (_value, at) => at).filter(
    (at) => isThere(at) && !isThere(at - 1) && !isThere(at + 1),
  );
}

function resolveColour(element: HTMLElement, name: string): string {
  const probe = document.createElement("span");
  probe.style.color = `var(${name})`;
  element.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
