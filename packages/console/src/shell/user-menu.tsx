import { useEffect, useRef } from "react";
import { Link, useLocation } from "wouter";
import { Button } from "../components/button.tsx";
import { SelectField } from "../components/field.tsx";
import { Icon } from "../components/icon.tsx";
import { useCaller, useSession, useSessionState } from "../session/use-session.ts";
import { usePreferences, useText } from "../text/use-text.ts";
import { shellMessages } from "./messages.ts";
import styles from "./shell.module.css";

/** Who reads, and how the console is to look. */
export function UserMenu() {
  const say = useText(shellMessages);
  const caller = useCaller();
  const session = useSession();
  const state = useSessionState();
  const { theme, setTheme, language, setLanguage } = usePreferences();
  const [location] = useLocation();
  const menu = useRef<HTMLDetailsElement>(null);
  useEffect(() => {
    const close = (event: Event) => {
      const { current } = menu;
      if (current === null || (event.target instanceof Node && current.contains(event.target))) return;
      current.open = false;
    };
    addEventListener("pointerdown", close);
    return () => removeEventListener("pointerdown", close);
  }, []);
  useEffect(() => {
    if (menu.current !== null) menu.current.open = false;
  }, [location]);
  return (
    <details
      ref={menu}
      className={styles["menu"]}
      onKeyDown={(event) => {
        if (event.key === "Escape") event.currentTarget.open = false;
      }}
    >
      <summary aria-label={caller.name}>
        <Icon name="person" /> <span className={styles["wideOnly"]}>{caller.name}</span>
      </summary>
      <div className={styles["sheet"]}>
        <p className={styles["who"]}>
          <strong>{caller.name}</strong>
          {caller.role === null ? null : <small>{caller.role}</small>}
        </p>
        <SelectField
          label={say("theme")}
          value={theme}
          options={[
            { value: "system", label: say("theme_system") },
            { value: "light", label: say("theme_light") },
            { value: "dark", label: say("theme_dark") },
          ]}
          onChange={setTheme}
        />
        <SelectField
          label={say("language")}
          value={language}
          options={[
            { value: "en", label: say("english") },
            { value: "de", label: say("german") },
          ]}
          onChange={setLanguage}
        />
        <Link href="/account">{say("page_account")}</Link>
        {state.status === "in" && state.isOpen ? null : (
          <Button icon="out" onClick={() => void session.logOut()}>
            {say("log_out")}
          </Button>
        )}
      </div>
    </details>
  );
}
