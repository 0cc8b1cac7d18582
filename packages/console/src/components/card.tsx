import type { ReactNode } from "react";
import styles from "./card.module.css";
import { joinNames } from "./join-names.ts";

interface CardProps {
  readonly title?: string;
  /** Beside the title: a state, a link, a button. */
  readonly actions?: ReactNode;
  /** Whether it shows what comes over the live connection: then it turns grey when that is old. */
  readonly isLive?: boolean;
  readonly children: ReactNode;
}

/** One thing on a page, with a frame around it. */
export function Card({ title, actions, isLive = false, children }: CardProps) {
  return (
    <section className={styles["card"]} aria-label={title}>
      {title === undefined && actions === undefined ? null : (
        <div className={styles["head"]}>
          {title === undefined ? null : <h2 className={styles["title"]}>{title}</h2>}
          {actions}
        </div>
      )}
      {isLive ? <div className={styles["live"]}>{children}</div> : children}
    </section>
  );
}

interface FigureProps {
  readonly label: string;
  readonly children: ReactNode;
  readonly note?: ReactNode;
  readonly isLive?: boolean;
}

/** One number with its name. Stands in a `dl`. */
export function Figure({ label, children, note, isLive = false }: FigureProps) {
  return (
    <div className={joinNames(styles["figure"], isLive ? styles["live"] : undefined)}>
      <dt>{label}</dt>
      <dd>
        {children}
        {note === undefined ? null : <p className={styles["note"]}>{note}</p>}
      </dd>
    </div>
  );
}
