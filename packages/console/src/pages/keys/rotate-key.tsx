import { useState } from "react";
import { Button } from "../../components/button.tsx";
import { Actions, Dialog } from "../../components/dialog.tsx";
import { SelectField } from "../../components/field.tsx";
import { ErrorState } from "../../components/notice.tsx";
import { useChange } from "../../query/use-operation.ts";
import { useText } from "../../text/use-text.ts";
import type { Key, NewSecret } from "./key-draft.ts";
import { keyMessages } from "./messages.ts";

/** Seconds. */
const graces = ["0", "3600", "86400", "604800"] as const;

interface RotateKeyProps {
  readonly of: Key;
  onNewText(secret: NewSecret): void;
  onClose(): void;
}

/** Asks how long the text of now is to work, and gives the key another. */
export function RotateKey({ of: { id, name }, onNewText, onClose }: RotateKeyProps) {
  const say = useText(keyMessages);
  const rotate = useChange("keys.rotate");
  const [grace, setGrace] = useState<(typeof graces)[number]>("86400");
  return (
    <Dialog title={say("rotate_title", { name })} onClose={onClose}>
      <p>{say("rotate_text")}</p>
      <SelectField
        label={say("grace")}
        value={grace}
        options={graces.map((value) => ({ value, label: say(`grace_${value}`) }))}
        onChange={setGrace}
      />
      {rotate.error === null ? null : <ErrorState error={rotate.error} />}
      <Actions>
        <Button onClick={onClose}>{say("cancel")}</Button>
        <Button
          look="primary"
          isBusy={rotate.isPending}
          onClick={() =>
            rotate.mutate(
              { id, grace_seconds: Number(grace) },
              { onSuccess: ({ key }) => onNewText({ name, key }) },
            )
          }
        >
          {say("rotate")}
        </Button>
      </Actions>
    </Dialog>
  );
}
