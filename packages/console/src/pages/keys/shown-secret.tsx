import { Button } from "../../components/button.tsx";
import { CopyButton } from "../../components/copy-button.tsx";
import { Actions, Dialog } from "../../components/dialog.tsx";
import { Notice } from "../../components/notice.tsx";
import { useText } from "../../text/use-text.ts";
import styles from "./keys.module.css";
import { keyMessages } from "./messages.ts";

/** The text of a key, which the server tells once. */
export interface NewSecret {
  readonly name: string;
  readonly key: string;
}

/** Shows the text of a key until the reader says that it is kept; Escape does not lose it. */
export function ShownSecret({
  secret: { name, key },
  onClose,
}: {
  readonly secret: NewSecret;
  onClose(): void;
}) {
  const say = useText(keyMessages);
  return (
    <Dialog title={say("secret_title", { name })}>
      <Notice tone="warn">{say("secret_text")}</Notice>
      <code className={styles["secret"]} role="group" aria-label={say("secret")}>
        {key}
      </code>
      <Actions>
        <CopyButton text={key} label={say("copy")} />
        <Button look="primary" onClick={onClose}>
          {say("secret_kept")}
        </Button>
      </Actions>
    </Dialog>
  );
}
