import { useMutation } from "@tanstack/react-query";
import { Button } from "../../components/button.tsx";
import { saveFile } from "../../components/save-file.ts";
import { useToasts } from "../../components/toast.tsx";
import { useSession } from "../../session/use-session.ts";
import { useText } from "../../text/use-text.ts";
import { usageMessages } from "./messages.ts";
import { type TimeSpan, toTimes } from "./time-span.ts";

/** Every attempt of the time, as a table for other programs. */
export function ExportButton({ span }: { readonly span: TimeSpan }) {
  const say = useText(usageMessages);
  const toasts = useToasts();
  const { client } = useSession();
  const times = toTimes(span, Date.now());
  const save = useMutation<void>({
    async mutationFn() {
      const parts: string[] = [];
      for await (const part of client.exportUsage("csv", times ?? {})) parts.push(part);
      saveFile("usage.csv", "text/csv", parts);
    },
    onSuccess: () => toasts.done(say("exported")),
    onError: toasts.failed,
  });
  return (
    <Button isBusy={save.isPending} disabled={times === undefined} onClick={() => save.mutate()}>
      {say("export")}
    </Button>
  );
}
