import { type KeyboardEvent, useEffect, useId, useRef, useState } from "react";
import { Icon, type IconName } from "../components/icon.tsx";
import { useText } from "../text/use-text.ts";
import { shellMessages } from "./messages.ts";
import styles from "./palette.module.css";

/** One thing to go to or to do. */
export interface Command {
  readonly key: string;
  readonly title: string;
  readonly icon: IconName;
  run(): void;
}

/** Finds pages and actions by typing. Opened by Ctrl+K or ⌘K. */
export function Palette({ commands, onClose }: { readonly commands: readonly Command[]; onClose(): void }) {
  const say = useText(shellMessages);
  const id = useId();
  const dialog = useRef<HTMLDialogElement>(null);
  const [text, setText] = useState("");
  const [chosen, setChosen] = useState(0);
  const found = commands.filter(({ title }) => fits(title, text));
  const current = Math.min(chosen, Math.max(0, found.length - 1));
  useEffect(() => dialog.current?.showModal(), []);
  const run = (command: Command | undefined) => {
    if (command === undefined) return;
    onClose();
    command.run();
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.key === "ArrowDown") setChosen((current + 1) % Math.max(1, found.length));
    else if (event.key === "ArrowUp") setChosen((current - 1 + found.length) % Math.max(1, found.length));
    else if (event.key === "Enter") run(found[current]);
    else return;
    event.preventDefault();
  };
  return (
    <dialog
      ref={dialog}
      className={styles["palette"]}
      aria-label={say("palette")}
      onCancel={onClose}
      onClick={(event) => {
        if (event.target === dialog.current) onClose();
      }}
    >
      <input
        className={styles["input"]}
        role="combobox"
        aria-label={say("palette")}
        aria-expanded="true"
        aria-controls={`${id}-list`}
        aria-activedescendant={found.length === 0 ? undefined : `${id}-${current}`}
        placeholder={say("palette_hint")}
        value={text}
        autoFocus
        onChange={(event) => {
          setText(event.target.value);
          setChosen(0);
        }}
        onKeyDown={onKey}
      />
      <ul id={`${id}-list`} className={styles["list"]} role="listbox" aria-label={say("palette")}>
        {found.map((command, at) => (
          <li
            key={command.key}
            id={`${id}-${at}`}
            role="option"
            aria-selected={at === current}
            className={styles["item"]}
            onPointerMove={() => setChosen(at)}
            onClick={() => run(command)}
          >
            <Icon name={command.icon} /> {command.title}
          </li>
        ))}
      </ul>
      {found.length === 0 ? <p className={styles["none"]}>{say("palette_none")}</p> : null}
    </dialog>
  );
}

/** Whether a title has the letters in their order. */
function fits(title: string, text: string): boolean {
  const letters = title.toLowerCase();
  let from = 0;
  for (const letter of text.toLowerCase().replaceAll(" ", "")) {
    const at = letters.indexOf(letter, from);
    if (at < 0) return false;
    from = at + 1;
  }
  return true;
}
