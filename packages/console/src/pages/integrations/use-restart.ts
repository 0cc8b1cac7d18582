import { useToasts } from "../../components/toast.tsx";
import { useChange } from "../../query/use-operation.ts";
import { useText } from "../../text/use-text.ts";
import { integrationMessages } from "./messages.ts";

/** Restarts an integration, and says what became of it. */
export function useRestart() {
  const say = useText(integrationMessages);
  const toasts = useToasts();
  const restart = useChange("integrations.restart");
  return {
    isBusy: restart.isPending,
    run: (name: string) =>
      restart.mutate(
        { name },
        {
          onSuccess: () => toasts.done(say("restarted", { name })),
          onError: (error) => toasts.failed(error),
        },
      ),
  };
}
