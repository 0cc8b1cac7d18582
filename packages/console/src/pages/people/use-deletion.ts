import { useToasts } from "../../components/toast.tsx";
import { useText } from "../../text/use-text.ts";
import { peopleMessages } from "./messages.ts";

/** What to do when something of a name was deleted, or was not: it is said, and the drawer or the question goes. */
export function useDeletion(name: string, onClose: () => void) {
  const say = useText(peopleMessages);
  const toasts = useToasts();
  return (over: () => void) => ({
    onSuccess() {
      toasts.done(say("deleted", { name }));
      onClose();
    },
    onError(error: Error) {
      over();
      toasts.failed(error);
    },
  });
}
