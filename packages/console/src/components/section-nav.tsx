import { Link, useLocation } from "wouter";
import styles from "./section-nav.module.css";

export interface Section {
  readonly path: string;
  readonly title: string;
}

/** The parts of a page that has several, each with an address of its own. */
export function SectionNav({
  label,
  sections,
}: {
  readonly label: string;
  readonly sections: readonly Section[];
}) {
  const [location] = useLocation();
  return (
    <nav className={styles["nav"]} aria-label={label}>
      {sections.map(({ path, title }) => (
        <Link
          key={path}
          href={path}
          className={styles["link"]}
          aria-current={location === path ? "page" : undefined}
        >
          {title}
        </Link>
      ))}
    </nav>
  );
}
