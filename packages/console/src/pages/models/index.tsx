import { useState } from "react";
import { Button } from "../../components/button.tsx";
import { Card } from "../../components/card.tsx";
import { PageFrame } from "../../components/page.tsx";
import { useToasts } from "../../components/toast.tsx";
import { useChange } from "../../query/use-operation.ts";
import { Allowed } from "../../session/allowed.tsx";
import { useText } from "../../text/use-text.ts";
import { Catalogue } from "./catalogue.tsx";
import { HubDrawer } from "./hub-drawer.tsx";
import { modelMessages } from "./messages.ts";
import { type Model } from "./model-facts.ts";
import { ModelDrawer } from "./model-drawer.tsx";
import { PullList } from "./pull-list.tsx";
import { RunningModels } from "./running-models.tsx";

/** Models of all integrations: which there are, which are in memory, and which are on their way here. */
export function Page() {
  const say = useText(modelMessages);
  const [opened, setOpened] = useState<Model>();
  const [isAdding, setIsAdding] = useState(false);
  return (
    <PageFrame
      title={say("title")}
      lead={say("lead")}
      actions={
        <>
          <Allowed to="models.refresh">
            <RefreshButton />
          </Allowed>
          <Allowed to="pulls.start">
            <Button look="primary" icon="plus" onClick={() => setIsAdding(true)}>
              {say("add")}
            </Button>
          </Allowed>
        </>
      }
    >
      <PullList />
      <Card title={say("running")} isLive>
        <RunningModels />
      </Card>
      <Card title={say("catalogue")}>
        <Catalogue onOpen={setOpened} onAdd={() => setIsAdding(true)} />
      </Card>
      {opened === undefined ? null : <ModelDrawer model={opened} onClose={() => setOpened(undefined)} />}
      {isAdding ? <HubDrawer onClose={() => setIsAdding(false)} /> : null}
    </PageFrame>
  );
}

function RefreshButton() {
  const say = useText(modelMessages);
  const toasts = useToasts();
  const refresh = useChange("models.refresh");
  return (
    <Button
      icon="refresh"
      isBusy={refresh.isPending}
      onClick={() =>
        refresh.mutate(
          {},
          {
            onSuccess: ({ models }) => toasts.done(say("refreshed", { count: models.length })),
            onError: toasts.failed,
          },
        )
      }
    >
      {say("refresh")}
    </Button>
  );
}
