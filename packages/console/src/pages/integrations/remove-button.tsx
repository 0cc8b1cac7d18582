import { ClientError } from "@llm-platform/client";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useLocation } from "wouter";
import { Button } from "../../components/button.tsx";
import { ConfirmDialog } from "../../components/dialog.tsx";
import { useToasts } from "../../components/toast.tsx";
import { useOperation } from "../../query/use-operation.ts";
import { Allowed } from "../../session/allowed.tsx";
import { useSession } from "../../session/use-session.ts";
import { useText } from "../../text/use-text.ts";
import { integrationMessages } from "./messages.ts";

/** Takes an integration away that was added, after saying what goes with it; nothing for one of the file. */
export function RemoveButton({ name }: { readonly name: string }) {
  const say = useText(integrationMessages);
  const toasts = useToasts();
  const [, goTo] = useLocation();
  const { data } = useOperation("integrations.settings", { name });
  const { data: catalogue } = useOperation("models.list", {});
  const session = useSession();
  const queries = useQueryClient();
  const [isAsking, setIsAsking] = useState(false);
  const [isBusy, setIsBusy] = useState(false);
  if (data?.origin !== "added") return null;
  /** First away from the page of what is gone, then everything is asked for anew. */
  async function takeAway() {
    setIsBusy(true);
    try {
      await session.run("integrations.delete", { name });
      toasts.done(say("removed", { name }));
      goTo("/integrations");
      await queries.invalidateQueries();
    } catch (error) {
      if (!(error instanceof ClientError)) throw error;
      toasts.failed(error);
      setIsAsking(false);
      setIsBusy(false);
    }
  }
  const count = catalogue?.models.filter(({ integration }) => integration === name).length ?? 0;
  return (
    <Allowed to="integrations.delete">
      <Button look="danger" icon="cross" onClick={() => setIsAsking(true)}>
        {say("remove")}
      </Button>
      {isAsking ? (
        <ConfirmDialog
          title={say("remove_title", { name })}
          text={say("remove_text", { count })}
          action={say("remove")}
          isBusy={isBusy}
          onConfirm={() => void takeAway()}
          onClose={() => setIsAsking(false)}
        />
      ) : null}
    </Allowed>
  );
}
