import { type ReactNode, useEffect, useId, useRef } from "react";
import { useText } from "../text/use-text.ts";
import { Button, IconButton } from "./button.tsx";
import styles from "./dialog.module.css";
import { joinNames } from "./join-names.ts";
import { componentMessages } from "./messages.ts";

interface DialogProps {
  readonly title: string;
  /** `drawer` comes in from the side, for what one looks at beside a list. */
  readonly look?: "dialog" | "drawer";
  /** Undefined for one that cannot be left. */
  readonly onClose?: (() => void) | undefined;
  readonly children: ReactNode;
}

/** Something before the page. Keys and the reading order stay inside; Escape leaves it. Rendered while it is open. */
export function Dialog({ title, look = "dialog", onClose, children }: DialogProps) {
  const say = useText(componentMessages);
  const id = useId();
  const element = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const dialog = element.current;
    dialog?.showModal();
    // The browser would begin at the button that closes it.
    dialog?.querySelector<HTMLElement>("form :is(input, select, textarea)")?.focus();
    return () => dialog?.close();
  }, []);
  return (
    <dialog
      ref={element}
      className={joinNames(styles["dialog"], look === "drawer" ? styles["drawer"] : undefined)}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        onClose?.();
      }}
      onClick={(event) => {
        if (event.target === element.current) onClose?.();
      }}
    >
      <div className={styles["head"]}>
        <h2 id={id} className={styles["title"]}>
          {title}
        </h2>
        {onClose === undefined ? null : <IconButton icon="cross" label={say("close")} onClick={onClose} />}
      </div>
      <div className={styles["body"]}>{children}</div>
    </dialog>
  );
}

/** The buttons at the end of a dialog or a form. */
export function Actions({ children }: { readonly children: ReactNode }) {
  return <div className={styles["actions"]}>{children}</div>;
}

interface ConfirmProps {
  readonly title: string;
  /** What will be, and that it cannot be undone where that is so. */
  readonly text: string;
  /** The verb on the button. */
  readonly action: string;
  readonly isBusy?: boolean;
  /** What is to be known of it, or chosen, between the text and the buttons. */
  readonly children?: ReactNode;
  onConfirm(): void;
  onClose(): void;
}

/** Asks before something is destroyed. */
export function ConfirmDialog({
  title,
  text,
  action,
  isBusy = false,
  children,
  onConfirm,
  onClose,
}: ConfirmProps) {
  const say = useText(componentMessages);
  return (
    <Dialog title={title} onClose={onClose}>
      <p>{text}</p>
      {children}
      <Actions>
        <Button onClick={onClose}>{say("cancel")}</Button>
        <Button look="danger" isBusy={isBusy} onClick={onConfirm}>
          {action}
        </Button>
      </Actions>
    </Dialog>
  );
}
