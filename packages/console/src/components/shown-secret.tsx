import { useText } from "../text/use-text.ts";
import { Button } from "./button.tsx";
import { CopyButton } from "./copy-button.tsx";
import { Actions, Dialog } from "./dialog.tsx";
import { componentMessages } from "./messages.ts";
import { Notice } from "./notice.tsx";
import styles from "./shown-secret.module.css";

/** A secret that the server tells once. */
export interface ToldSecret {
  /** What it is, for example the text of a key. */
  readonly label: string;
  /** What the button says that copies it. */
  readonly copy: string;
  readonly text: string;
}

/** Shows secrets until the reader says that they are kept; Escape does not lose them. */
export function ShownSecret({
  title,
  warning,
  secrets,
  onClose,
}: {
  readonly title: string;
  readonly warning: string;
  readonly secrets: readonly ToldSecret[];
  onClose(): void;
}) {
  const say = useText(componentMessages);
  return (
    <Dialog title={title}>
      <Notice tone="warn">{warning}</Notice>
      {secrets.map(({ label, copy, text }) => (
        <div key={label} className={styles["told"]}>
          {secrets.length > 1 ? <p className={styles["label"]}>{label}</p> : null}
          <code className={styles["secret"]} role="group" aria-label={label}>
            {text}
          </code>
          <CopyButton text={text} label={copy} />
        </div>
      ))}
      <Actions>
        <Button look="primary" onClick={onClose}>
          {say("secret_kept")}
        </Button>
      </Actions>
    </Dialog>
  );
}
