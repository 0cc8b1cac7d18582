import { useState } from "react";
import { useSearchParams } from "wouter";
import { Dialog } from "../../components/dialog.tsx";
import { ErrorState, Skeleton } from "../../components/notice.tsx";
import { PageFrame } from "../../components/page.tsx";
import { StateMark } from "../../components/state-mark.tsx";
import { useOperation } from "../../query/use-operation.ts";
import { useText } from "../../text/use-text.ts";
import { type ListedRoute, stateTones } from "./looks.ts";
import { routingMessages } from "./messages.ts";
import { MadeNames } from "./made-names.tsx";
import { ModelTable } from "./model-table.tsx";
import { PlaceList } from "./place-list.tsx";
import { PolicyCard } from "./policy-card.tsx";
import { RouteFacts } from "./route-card.tsx";
import { RouteForm } from "./route-form.tsx";
import { useFigures } from "./use-figures.ts";
import { WhatIf } from "./what-if.tsx";

/** Breakers open and close without an event. */
const refreshMs = 5_000;

/** Which way calls go: by name, to which places, as things stand this moment. */
export function Page() {
  const say = useText(routingMessages);
  const [parameters, setParameters] = useSearchParams();
  const [opened, setOpened] = useState<string>();
  const [edited, setEdited] = useState<{ readonly model?: string }>();
  const { data, error, refetch } = useOperation("routes.list", {}, { refreshMs });
  const figures = useFigures();
  const asked = parameters.get("model") ?? "";
  const explain = (model: string) => {
    setOpened(undefined);
    setParameters({ model }, { replace: true });
    window.scrollTo({ top: 0 });
  };
  const routes = data?.routes ?? [];
  const made = routes.filter(({ origin }) => origin !== null);
  const changed = routes.find(({ model }) => model === edited?.model);
  const shown = routes.find(({ model }) => model === opened);
  return (
    <PageFrame title={say("title")} lead={say("lead")}>
      <WhatIf
        key={asked}
        model={asked}
        names={routes.map(({ model }) => model)}
        figures={figures}
        onAsk={explain}
      />
      {error !== null && data === undefined ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : null}
      {error === null && data === undefined ? <Skeleton lines={6} /> : null}
      {data === undefined ? null : (
        <>
          <MadeNames
            routes={made}
            figures={figures}
            onExplain={explain}
            onNew={() => setEdited({})}
            onChange={(model) => setEdited({ model })}
          />
          <ModelTable
            routes={routes.filter(({ origin }) => origin === null)}
            onOpen={({ model }) => setOpened(model)}
          />
          <PolicyCard policy={data.policy} />
        </>
      )}
      {edited === undefined ? null : (
        <Dialog
          title={edited.model === undefined ? say("new_name") : say("change_name", { name: edited.model })}
          look="drawer"
          onClose={() => setEdited(undefined)}
        >
          <RouteForm
            model={edited.model}
            route={changed}
            known={namesOf(routes)}
            onDone={() => setEdited(undefined)}
          />
        </Dialog>
      )}
      {shown === undefined ? null : (
        <RouteDrawer route={shown} figures={figures} onClose={() => setOpened(undefined)} />
      )}
    </PageFrame>
  );
}

interface RouteDrawerProps {
  readonly route: ListedRoute;
  readonly figures: ReturnType<typeof useFigures>;
  onClose(): void;
}

/** One name, with the places that it leads to. */
function RouteDrawer({ route, figures, onClose }: RouteDrawerProps) {
  const say = useText(routingMessages);
  const { model, state, candidates } = route;
  return (
    <Dialog title={model} look="drawer" onClose={onClose}>
      <StateMark tone={stateTones[state]}>{say(`state_${state}`)}</StateMark>
      <RouteFacts route={route} />
      <PlaceList label={say("places_of", { name: model })} places={candidates} figures={figures} />
    </Dialog>
  );
}

/** Names that a route can lead to: those of callers, and each place by itself. */
function namesOf(routes: readonly ListedRoute[]): readonly string[] {
  const places = routes.flatMap(({ candidates }) => candidates.map(({ target }) => target));
  return [...new Set([...places, ...routes.map(({ model }) => model)])].toSorted();
}
