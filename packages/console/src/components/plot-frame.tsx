import { type ReactNode, useState } from "react";
import { useText } from "../text/use-text.ts";
import { IconButton } from "./button.tsx";
import { componentMessages } from "./messages.ts";
import styles from "./plot.module.css";

interface PlotFrameProps {
  /** Says what is plotted, to who does not see it. */
  readonly label: string;
  /** What the colours are. */
  readonly legend: ReactNode;
  readonly table: ReactNode;
  readonly children: ReactNode;
}

/** What every plot has around it: its legend, and the way to the same numbers as a table. */
export function PlotFrame({ label, legend, table, children }: PlotFrameProps) {
  const say = useText(componentMessages);
  const [isTable, setIsTable] = useState(false);
  return (
    <figure className={styles["plot"]} aria-label={label}>
      <div className={styles["head"]}>
        {legend}
        <IconButton
          icon={isTable ? "chart" : "table"}
          label={say(isTable ? "as_plot" : "as_table")}
          onClick={() => setIsTable(!isTable)}
        />
      </div>
      {isTable ? table : children}
    </figure>
  );
}

interface NumberTableProps {
  readonly label: string;
  /** The first is of the heads of the rows. */
  readonly titles: readonly string[];
  readonly rows: readonly {
    readonly key: string;
    readonly head: string;
    readonly cells: readonly string[];
  }[];
}

/** Numbers in columns. */
export function NumberTable({ label, titles, rows }: NumberTableProps) {
  return (
    <div className={styles["table"]} tabIndex={0} role="group" aria-label={label}>
      <table>
        <thead>
          <tr>
            {titles.map((title) => (
              <th key={title} scope="col">
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ key, head, cells }) => (
            <tr key={key}>
              <th scope="row">{head}</th>
              {cells.map((cell, at) => (
                <td key={titles[at + 1]}>{cell}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Colours of what is told apart, in order; there are six. */
export function seriesColour(at: number): string {
  return `--series-${(at % 6) + 1}`;
}
