import type { Tone } from "../../components/state-mark.tsx";
import styles from "./home.module.css";

/** As in the style file: a node, and what is between two. */
const nodeHeight = 44;
const gap = 8;

interface TopologyLinesProps {
  /** Of the longest column. */
  readonly rows: number;
  /** How the nodes on the left are; undefined for the one gateway. */
  readonly from?: readonly Tone[];
  readonly to?: readonly Tone[];
}

/** What goes from one column to the next; the columns themselves say the same in words. */
export function TopologyLines({ rows, from, to }: TopologyLinesProps) {
  const height = heightOf(rows);
  const tones = from ?? to ?? [];
  const middle = (count: number, at: number) =>
    (height - heightOf(count)) / 2 + at * (nodeHeight + gap) + nodeHeight / 2;
  const gateway = middle(1, 0);
  return (
    <div className={styles["between"]}>
      <svg
        className={styles["lines"]}
        viewBox={`0 0 100 ${height}`}
        preserveAspectRatio="none"
        aria-hidden="true"
      >
        {tones.map((tone, at) => {
          const own = middle(tones.length, at);
          const [left, right] = [from === undefined ? gateway : own, to === undefined ? gateway : own];
          return <path key={at} data-tone={tone} d={`M0 ${left}C50 ${left} 50 ${right} 100 ${right}`} />;
        })}
      </svg>
    </div>
  );
}

function heightOf(count: number): number {
  return count * nodeHeight + Math.max(0, count - 1) * gap;
}
