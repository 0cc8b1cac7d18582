import { type ReactNode, useEffect, useRef, useState } from "react";
import { Link, useLocation } from "wouter";
import { Button } from "../components/button.tsx";
import { Icon } from "../components/icon.tsx";
import { Notice } from "../components/notice.tsx";
import { useLiveStatus } from "../live/use-live.ts";
import { type PageEntry, pages } from "../pages.ts";
import { useFreshQueries } from "../query/use-fresh-queries.ts";
import { useMay, useSessionState } from "../session/use-session.ts";
import { useText } from "../text/use-text.ts";
import { shellMessages } from "./messages.ts";
import { type Command, Palette } from "./palette.tsx";
import styles from "./shell.module.css";
import { TopBar } from "./top-bar.tsx";
import { useNewerConsole } from "./use-newer-console.ts";

const groups = ["watch", "run", "manage"] as const;

/** What stands around every page: where one can go, who one is, and whether what is shown is of now. */
export function Shell({ children }: { readonly children: ReactNode }) {
  const say = useText(shellMessages);
  const [location, navigate] = useLocation();
  const [isNavOpen, setIsNavOpen] = useState(false);
  const [isPaletteOpen, setIsPaletteOpen] = usePaletteKey();
  const { isStale } = useLiveStatus();
  const state = useSessionState();
  const isNewer = useNewerConsole();
  const main = useRef<HTMLElement>(null);
  const seen = useAllowedPages();
  useFreshQueries();
  useEffect(() => setIsNavOpen(false), [location]);
  const commands: readonly Command[] = seen.map(({ title, path, icon }) => ({
    key: path,
    title: say(title),
    icon,
    run: () => navigate(path),
  }));
  return (
    <div className={styles["shell"]} data-stale={isStale}>
      <a
        className={styles["skip"]}
        href="#main"
        onClick={(event) => {
          event.preventDefault();
          main.current?.focus();
        }}
      >
        {say("skip")}
      </a>
      <TopBar
        isNavOpen={isNavOpen}
        onToggleNav={() => setIsNavOpen(!isNavOpen)}
        onSearch={() => setIsPaletteOpen(true)}
      />
      <nav className={styles["nav"]} aria-label={say("navigation")} data-open={isNavOpen}>
        {groups.map((group) => (
          <NavGroup
            key={group}
            title={say(`group_${group}`)}
            entries={seen.filter((page) => page.group === group)}
          />
        ))}
      </nav>
      <main ref={main} id="main" className={styles["main"]} tabIndex={-1}>
        {isNewer ? (
          <div className={styles["banner"]}>
            <Notice action={<Button onClick={() => window.location.reload()}>{say("reload")}</Button>}>
              {say("newer")}
            </Notice>
          </div>
        ) : null}
        {state.status === "in" && state.isOpen ? (
          <div className={styles["banner"]}>
            <Notice tone="warn">{say("open_server")}</Notice>
          </div>
        ) : null}
        {children}
      </main>
      {isPaletteOpen ? <Palette commands={commands} onClose={() => setIsPaletteOpen(false)} /> : null}
    </div>
  );
}

function NavGroup({ title, entries }: { readonly title: string; readonly entries: readonly PageEntry[] }) {
  const say = useText(shellMessages);
  const [location] = useLocation();
  if (entries.length === 0) return null;
  return (
    <>
      <h2 className={styles["group"]}>{title}</h2>
      <ul>
        {entries.map((page) => (
          <li key={page.path}>
            <Link
              className={styles["link"]}
              href={page.path}
              aria-current={isWithin(location, page.path) ? "page" : undefined}
            >
              <Icon name={page.icon} /> {say(page.title)}
            </Link>
          </li>
        ))}
      </ul>
    </>
  );
}

/** Whether an address is a page's, or of something below it. */
export function isWithin(location: string, path: string): boolean {
  return location === path || (path !== "/" && location.startsWith(`${path}/`));
}

function useAllowedPages(): readonly PageEntry[] {
  const may = useMay();
  return pages.filter(({ needs }) => may(needs));
}

function usePaletteKey() {
  const [isOpen, setIsOpen] = useState(false);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== "k" || !(event.metaKey || event.ctrlKey)) return;
      event.preventDefault();
      setIsOpen(true);
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
  return [isOpen, setIsOpen] as const;
}
