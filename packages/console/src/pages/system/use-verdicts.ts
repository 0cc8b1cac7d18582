import type { OperationOutput } from "@llm-platform/client";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useToasts } from "../../components/toast.tsx";
import { useSession } from "../../session/use-session.ts";

type Verdict = OperationOutput<"backup.verify">;

/** What backups were found to be, since the page was opened. A damaged one is told in words. */
export function useVerdicts() {
  const session = useSession();
  const toasts = useToasts();
  const [verdicts, setVerdicts] = useState<ReadonlyMap<string, Verdict>>(new Map());
  // It changes nothing that is shown elsewhere, and reads the whole backup: as long as that takes.
  const verify = useMutation<Verdict, Error, string>({
    mutationFn: (name) => session.run("backup.verify", { name }, { timeoutMs: undefined }),
    onSuccess(verdict) {
      setVerdicts((before) => new Map([...before, [verdict.name, verdict]]));
      if (verdict.problem !== null) toasts.failed(new Error(verdict.problem));
    },
    onError: toasts.failed,
  });
  return {
    verdictOf: (name: string) => verdicts.get(name),
    isBusy: (name: string) => verify.isPending && verify.variables === name,
    verify: (name: string) => verify.mutate(name),
  };
}
