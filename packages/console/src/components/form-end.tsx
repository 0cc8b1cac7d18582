import { useText } from "../text/use-text.ts";
import { Button } from "./button.tsx";
import { Actions } from "./dialog.tsx";
import { componentMessages } from "./messages.ts";
import { ErrorState } from "./notice.tsx";

interface FormEndProps {
  /** Why the last try failed; null while none has. */
  readonly error: Error | null;
  /** The verb on the button that sends the form. */
  readonly action: string;
  readonly isBusy: boolean;
  /** The way out, where the form is all of a dialog. */
  readonly onCancel?: () => void;
}

/** The last lines of a form: what went wrong, and its buttons. */
export function FormEnd({ error, action, isBusy, onCancel }: FormEndProps) {
  const say = useText(componentMessages);
  return (
    <>
      {error === null ? null : <ErrorState error={error} />}
      <Actions>
        {onCancel === undefined ? null : <Button onClick={onCancel}>{say("cancel")}</Button>}
        <Button look="primary" isSubmit isBusy={isBusy}>
          {action}
        </Button>
      </Actions>
    </>
  );
}
