import { useState } from "react";
import { Button } from "../../components/button.tsx";
import { Card } from "../../components/card.tsx";
import { StateMark } from "../../components/state-mark.tsx";
import { useText } from "../../text/use-text.ts";
import { startMessages } from "./messages.ts";
import styles from "./start.module.css";
import { useTicks } from "./use-ticks.ts";

const dismissedKey = "llmp.checklist";

/** What a server needs that others rely on, and what of it is there. */
export function Checklist() {
  const say = useText(startMessages);
  const ticks = useTicks();
  const [isDismissed, setIsDismissed] = useState(() => localStorage.getItem(dismissedKey) === "dismissed");
  const set = (dismissed: boolean) => {
    setIsDismissed(dismissed);
    if (dismissed) localStorage.setItem(dismissedKey, "dismissed");
    else localStorage.removeItem(dismissedKey);
  };
  if (isDismissed)
    return (
      <div>
        <Button look="quiet" icon="list" onClick={() => set(false)}>
          {say("show_list")}
        </Button>
      </div>
    );
  return (
    <Card
      title={say("checklist", { done: ticks.filter(({ isDone }) => isDone).length, all: ticks.length })}
      actions={
        <Button look="quiet" icon="cross" onClick={() => set(true)}>
          {say("dismiss")}
        </Button>
      }
    >
      <ul className={styles["list"]}>
        {ticks.map(({ name, isDone }) => (
          <li key={name} className={styles["tick"]}>
            <StateMark tone={isDone ? "good" : "none"}>{say(isDone ? "done" : "open")}</StateMark>
            <div>
              <strong>{say(`tick_${name}`)}</strong>
              {isDone ? null : <p className={styles["soft"]}>{say(`do_${name}`)}</p>}
            </div>
          </li>
        ))}
      </ul>
    </Card>
  );
}
