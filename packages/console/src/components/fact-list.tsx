import { Fragment, type ReactNode } from "react";
import styles from "./fact-list.module.css";

/** A name and what is known under it. */
export type Fact = readonly [name: string, value: ReactNode];

/** What is known of one thing, line by line. Names must differ. */
export function FactList({ facts }: { readonly facts: readonly Fact[] }) {
  return (
    <dl className={styles["facts"]}>
      {facts.map(([name, value]) => (
        <Fragment key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </Fragment>
      ))}
    </dl>
  );
}
