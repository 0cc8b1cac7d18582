import type { ReactNode } from "react";
import { joinNames } from "./join-names.ts";
import styles from "./page.module.css";

interface PageProps {
  readonly title: string;
  /** What the page is for, in a sentence. */
  readonly lead?: string;
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}

/** The frame of every page: its title, what can be done on it, and what it holds. */
export function PageFrame({ title, lead, actions, children }: PageProps) {
  return (
    <div className={styles["page"]}>
      <header className={styles["head"]}>
        <div>
          <h1 className={styles["title"]}>{title}</h1>
          {lead === undefined ? null : <p className={styles["lead"]}>{lead}</p>}
        </div>
        {actions === undefined ? null : <div className={styles["actions"]}>{actions}</div>}
      </header>
      {children}
    </div>
  );
}

/** Things beside each other, as many as there is room for. */
export function Grid({
  look,
  children,
}: {
  readonly look?: "narrow" | "wide";
  readonly children: ReactNode;
}) {
  return (
    <div className={joinNames(styles["grid"], look === undefined ? undefined : styles[look])}>{children}</div>
  );
}

/** The same for figures. */
export function FigureList({ children }: { readonly children: ReactNode }) {
  return <dl className={joinNames(styles["grid"], styles["narrow"])}>{children}</dl>;
}
