import { useState } from "react";
import { Button } from "../../components/button.tsx";
import { ConfirmDialog } from "../../components/dialog.tsx";
import { useToasts } from "../../components/toast.tsx";
import { useChange } from "../../query/use-operation.ts";
import { Allowed } from "../../session/allowed.tsx";
import { useText } from "../../text/use-text.ts";
import type { ListedRoute } from "./looks.ts";
import { routingMessages } from "./messages.ts";

/** Deletes a name as it is shown: not one that somebody else has changed meanwhile. */
export function DeleteButton({ route: { model, version } }: { readonly route: ListedRoute }) {
  const say = useText(routingMessages);
  const toasts = useToasts();
  const { mutate, isPending } = useChange("routes.delete");
  const [asked, setAsked] = useState<{ readonly version: string | null }>();
  return (
    <Allowed to="routes.delete">
      <Button
        look="quiet"
        icon="cross"
        aria-label={say("delete_name", { name: model })}
        onClick={() => setAsked({ version })}
      >
        {say("delete")}
      </Button>
      {asked === undefined ? null : (
        <ConfirmDialog
          title={say("delete_name", { name: model })}
          text={say("delete_text")}
          action={say("delete")}
          isBusy={isPending}
          onClose={() => setAsked(undefined)}
          onConfirm={() =>
            mutate(
              { model, ...(asked.version === null ? {} : { if_version: asked.version }) },
              {
                onSuccess: () => toasts.done(say("deleted", { name: model })),
                onError: (error) => {
                  toasts.failed(error);
                  setAsked(undefined);
                },
              },
            )
          }
        />
      )}
    </Allowed>
  );
}
