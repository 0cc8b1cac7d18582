import styles from "./models.module.css";

interface BarProps {
  readonly label: string;
  /** From 0 to 1; undefined while it is not known. */
  readonly ratio: number | undefined;
}

/** How far something is that ends. */
export function ProgressBar({ label, ratio }: BarProps) {
  return <progress className={styles["progress"]} aria-label={label} max={1} value={ratio} />;
}

interface Part {
  readonly key: string;
  readonly label: string;
  readonly bytes: number;
}

interface MemoryBarProps {
  /** The same in words. */
  readonly text: string;
  readonly total: number;
  readonly parts: readonly Part[];
}

/** What takes how much of a memory, and what is left. */
export function MemoryBar({ text, total, parts }: MemoryBarProps) {
  return (
    <div className={styles["memory"]}>
      <span>{text}</span>
      <div className={styles["stack"]} aria-hidden="true">
        {parts.map(({ key, label, bytes }) => (
          <span
            key={key}
            title={label}
            style={{ width: `${total > 0 ? Math.min(100, (bytes / total) * 100) : 0}%` }}
          />
        ))}
      </div>
    </div>
  );
}
