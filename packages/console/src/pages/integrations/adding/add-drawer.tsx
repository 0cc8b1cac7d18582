import { useState } from "react";
import { Dialog } from "../../../components/dialog.tsx";
import { ErrorState, Skeleton } from "../../../components/notice.tsx";
import { useOperation } from "../../../query/use-operation.ts";
import { useText } from "../../../text/use-text.ts";
import { integrationMessages } from "../messages.ts";
import { type Choice, ChooseKind } from "./choose-kind.tsx";
import { NewForm } from "./new-form.tsx";

/** Adds an integration: what it is, then its settings. */
export function AddDrawer({ onClose }: { onClose(): void }) {
  const say = useText(integrationMessages);
  const { data, error, refetch } = useOperation("integrations.kinds", {});
  const { data: list } = useOperation("integrations.list", {});
  const [choice, setChoice] = useState<Choice>();
  const taken = new Set(list?.integrations.map(({ name }) => name));
  return (
    <Dialog title={say("add_title")} look="drawer" onClose={onClose}>
      {error === null || data !== undefined ? null : (
        <ErrorState error={error} onRetry={() => void refetch()} />
      )}
      {data === undefined ? (
        error === null ? (
          <Skeleton lines={8} />
        ) : null
      ) : choice === undefined ? (
        <ChooseKind kinds={data.kinds} onChoose={setChoice} />
      ) : (
        <NewForm choice={choice} taken={taken} onBack={() => setChoice(undefined)} />
      )}
    </Dialog>
  );
}
