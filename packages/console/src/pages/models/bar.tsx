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
