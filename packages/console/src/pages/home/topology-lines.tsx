import type { Tone } from "../../components/state-mark.tsx";
import styles from "./home.module.css";

/** As in the style file: a node, and what is between two. */
const nodeHeight = 44;
const gap = 8;

/** One way between two columns. */
export interface Edge {
  /** Which node of the column on the left. */
  readonly from: number;
  /** Which on the right; undefined for all of them together. */
  readonly to: number | undefined;
  readonly tone: Tone;
}

interface TopologyLinesProps {
  /** Of the longest column. */
  readonly rows: number;
  /** Nodes of the column on the left. */
  readonly left: number;
  readonly right: number;
  readonly edges: readonly Edge[];
}

/** What goes from one column to the next; the columns themselves say the same in words. */
export function TopologyLines({ rows, left, right, edges }: TopologyLinesProps) {
  const height = heightOf(rows);
  const middle = (count: number, at: number) =>
    (height - heightOf(count)) / 2 + at * (nodeHeight + gap) + nodeHeight / 2;
  return (
    <div className={styles["between"]}>
      <svg
        className={styles["lines"]}
        viewBox={`0 0 100 ${height}`}
        preserveAspectRatio="none"
        aria-hidden="true"
      >
        {edges.map(({ from, to, tone }) => {
          const start = middle(left, from);
          const end = to === undefined ? height / 2 : middle(right, to);
          return (
            <path
              key={`${from} ${to ?? ""}`}
              data-tone={tone}
              d={`M0 ${start}C50 ${start} 50 ${end} 100 ${end}`}
            />
          );
        })}
      </svg>
    </div>
  );
}

function heightOf(count: number): number {
  return count * nodeHeight + Math.max(0, count - 1) * gap;
}
