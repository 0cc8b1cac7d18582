import { type PointerEvent, useState } from "react";
import { useText } from "../text/use-text.ts";
import { componentMessages } from "./messages.ts";
import { NumberTable, PlotFrame } from "./plot-frame.tsx";
import styles from "./plot.module.css";

export interface Place {
  readonly key: string;
  /** What it is called in the table. */
  readonly name: string;
  /** What stands at the edge of the picture; nothing where it is not said. */
  readonly mark?: string | undefined;
}

interface HeatMapProps {
  /** Says what is plotted, to who does not see it. */
  readonly label: string;
  /** What the columns are: the title of the table's first column. */
  readonly columnTitle: string;
  readonly columns: readonly Place[];
  /** The uppermost first. */
  readonly rows: readonly Place[];
  /** Column by column, the values of its rows; null where there is none, which is left out of the picture. */
  readonly values: readonly (readonly (number | null)[])[];
  format(value: number | null): string;
  /** What a cell is called under the pointer; by its column and row where it is not said. */
  nameOf?(column: number, row: number): string;
  /** Cells no wider than they are high. */
  readonly isSquare?: boolean;
}

interface Hover {
  readonly column: number;
  readonly row: number;
}

const levels = 5;

/** Numbers of two things as colours, and the same as a table. */
export function HeatMap(map: HeatMapProps) {
  const { label, columnTitle, columns, rows, values, format, isSquare } = map;
  const most = Math.max(0, ...values.flat().map((value) => value ?? 0));
  const [hover, setHover] = useState<Hover>();
  return (
    <PlotFrame
      label={label}
      legend={<Scale most={format(most)} said={hover === undefined ? undefined : describe(hover, map)} />}
      table={
        <NumberTable
          label={label}
          titles={[columnTitle, ...rows.map(({ name }) => name)]}
          rows={columns.map(({ key, name }, at) => ({
            key,
            head: name,
            cells: rows.map((_row, row) => format(values[at]?.[row] ?? null)),
          }))}
        />
      }
    >
      <div
        className={styles["map"]}
        style={{
          gridTemplateColumns: `max-content repeat(${columns.length}, minmax(0, ${isSquare === true ? "2.25rem" : "1fr"}))`,
          gridTemplateRows: `repeat(${rows.length}, auto) 1rem`,
        }}
        onPointerOver={(event) => setHover(placeOf(event))}
        onPointerLeave={() => setHover(undefined)}
        aria-hidden="true"
      >
        <Marks columns={columns} rows={rows} />
        {values.map((cells, column) =>
          cells.map((value, row) => (
            <span
              key={`${columns[column]?.key} ${rows[row]?.key}`}
              className={styles["cell"]}
              data-at={`${column} ${row}`}
              data-level={levelOf(value, most)}
              style={{ gridColumn: column + 2, gridRow: row + 1 }}
            />
          )),
        )}
      </div>
    </PlotFrame>
  );
}

/** Undefined for a place without a value. */
function describe({ column, row }: Hover, { columns, rows, values, nameOf, format }: HeatMapProps) {
  const value = values[column]?.[row] ?? null;
  if (value === null) return undefined;
  const name = nameOf?.(column, row) ?? `${columns[column]?.name}, ${rows[row]?.name}`;
  return `${name}: ${format(value)}`;
}

function Marks({ columns, rows }: Pick<HeatMapProps, "columns" | "rows">) {
  const marked = columns.flatMap(({ key, mark }, at) => (mark === undefined ? [] : [{ key, mark, at }]));
  return (
    <>
      {rows.map(({ key, mark }, at) => (
        <span key={key} className={styles["rowName"]} style={{ gridColumn: 1, gridRow: at + 1 }}>
          {mark}
        </span>
      ))}
      {marked.map(({ key, mark, at }, place) => (
        <span
          key={key}
          className={styles["columnName"]}
          style={{ gridColumn: `${at + 2} / ${(marked[place + 1]?.at ?? columns.length) + 2}` }}
        >
          {mark}
        </span>
      ))}
    </>
  );
}

/** What the colours stand for, and the number under the pointer. */
function Scale({ most, said }: { readonly most: string; readonly said: string | undefined }) {
  const say = useText(componentMessages);
  return (
    <p className={styles["scale"]}>
      <span className={styles["steps"]}>
        <span>0</span>
        {Array.from({ length: levels + 1 }, (_level, at) => (
          <i key={at} className={styles["cell"]} data-level={at} />
        ))}
        <span>{most}</span>
      </span>
      <span>{said ?? say("point_at_cell")}</span>
    </p>
  );
}

function placeOf({ target }: PointerEvent): Hover | undefined {
  const [column, row] = (target instanceof HTMLElement ? (target.dataset["at"] ?? "") : "")
    .split(" ")
    .map(Number);
  return column === undefined || row === undefined ? undefined : { column, row };
}

function levelOf(value: number | null, most: number): string {
  if (value === null) return "none";
  return most === 0 ? "0" : String(Math.ceil((levels * value) / most));
}
