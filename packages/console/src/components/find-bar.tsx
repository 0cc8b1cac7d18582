import type { ReactNode } from "react";
import { TextField } from "./field.tsx";
import styles from "./find-bar.module.css";

interface FindBarProps {
  readonly label: string;
  readonly hint: string;
  readonly text: string;
  onFind(text: string): void;
  /** One more field, that chooses among the kinds of rows. */
  readonly children: ReactNode;
}

/** What stands before a list: a text to find in it, and a choice. */
export function FindBar({ label, hint, text, onFind, children }: FindBarProps) {
  return (
    <div className={styles["bar"]} role="search">
      <TextField label={label} placeholder={hint} type="search" value={text} onChange={onFind} />
      {children}
    </div>
  );
}
