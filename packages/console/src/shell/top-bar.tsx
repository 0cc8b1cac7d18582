import { Link } from "wouter";
import { Button, IconButton } from "../components/button.tsx";
import { Icon } from "../components/icon.tsx";
import { useText } from "../text/use-text.ts";
import { LivePill } from "./live-pill.tsx";
import { shellMessages } from "./messages.ts";
import styles from "./shell.module.css";
import { UserMenu } from "./user-menu.tsx";

interface TopBarProps {
  readonly isNavOpen: boolean;
  onToggleNav(): void;
  onSearch(): void;
}

/** What stays in sight on every page. */
export function TopBar({ isNavOpen, onToggleNav, onSearch }: TopBarProps) {
  const say = useText(shellMessages);
  return (
    <header className={styles["top"]}>
      <span className={styles["burger"]}>
        <IconButton icon="menu" label={say("menu")} aria-expanded={isNavOpen} onClick={onToggleNav} />
      </span>
      <Link className={styles["brand"]} href="/" aria-label={say("product")}>
        <Icon name="chart" /> <span className={styles["wideOnly"]}>{say("product")}</span>
      </Link>
      <span className={styles["spread"]} />
      <Button look="quiet" icon="search" onClick={onSearch}>
        <span className={styles["wideOnly"]}>{say("palette_open")}</span> <kbd>{"⌘K"}</kbd>
      </Button>
      <LivePill />
      <UserMenu />
    </header>
  );
}
