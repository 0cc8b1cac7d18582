import { ClientError, type OperationOutput } from "@llm-platform/client";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useLocation } from "wouter";
import { Button } from "../../components/button.tsx";
import { ConfirmDialog } from "../../components/dialog.tsx";
import { CheckField } from "../../components/field.tsx";
import { Notice } from "../../components/notice.tsx";
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
  const [isDataRemoved, setIsDataRemoved] = useState(false);
  if (data?.origin !== "added") return null;
  /** First away from the page of what is gone, to a list without it; then everything is asked for anew. */
  async function takeAway() {
    setIsBusy(true);
    try {
      await session.run("integrations.delete", { name, data: isDataRemoved ? "remove" : "keep" });
      queries.setQueryData<OperationOutput<"integrations.list">>(["integrations.list", {}], (list) =>
        list === undefined
          ? undefined
          : { ...list, integrations: list.integrations.filter((each) => each.name !== name) },
      );
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
        >
          <Uses name={name} />
          <CheckField
            label={say("remove_data")}
            hint={say("remove_data_hint")}
            isChecked={isDataRemoved}
            onChange={setIsDataRemoved}
          />
        </ConfirmDialog>
      ) : null}
    </Allowed>
  );
}

/** What names it, and is worse off without it. */
function Uses({ name }: { readonly name: string }) {
  const say = useText(integrationMessages);
  const { data } = useOperation("integrations.uses", { name });
  if (data === undefined) return null;
  const { dependents, routes, budgets } = data;
  const told = [
    dependents.length === 0 ? [] : say("used_by_dependents", { names: dependents.join(", ") }),
    routes.length === 0 ? [] : say("used_by_routes", { names: routes.join(", ") }),
    budgets.length === 0 ? [] : say("used_by_budgets", { names: budgets.join(", ") }),
  ].flat();
  return told.length === 0 ? null : <Notice tone="warn">{told.join(" ")}</Notice>;
}
