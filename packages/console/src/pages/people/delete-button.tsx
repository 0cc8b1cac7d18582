import { useState } from "react";
import { Button } from "../../components/button.tsx";
import { Actions, ConfirmDialog } from "../../components/dialog.tsx";
import { useText } from "../../text/use-text.ts";
import { peopleMessages } from "./messages.ts";

/** Deletes something after it was asked for. @param onConfirm calls `over` when it failed */
export function DeleteButton({
  title,
  text,
  isBusy,
  onConfirm,
}: {
  readonly title: string;
  readonly text: string;
  readonly isBusy: boolean;
  onConfirm(over: () => void): void;
}) {
  const say = useText(peopleMessages);
  const [isAsked, setIsAsked] = useState(false);
  const over = () => setIsAsked(false);
  return (
    <Actions>
      <Button look="danger" icon="cross" onClick={() => setIsAsked(true)}>
        {say("delete")}
      </Button>
      {isAsked ? (
        <ConfirmDialog
          title={title}
          text={text}
          action={say("delete")}
          isBusy={isBusy}
          onConfirm={() => onConfirm(over)}
          onClose={over}
        />
      ) : null}
    </Actions>
  );
}
