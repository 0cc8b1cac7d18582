import { useState } from "react";
import { useSearchParams } from "wouter";
import { Card } from "../../components/card.tsx";
import { Dialog } from "../../components/dialog.tsx";
import { EmptyState, ErrorState, Skeleton } from "../../components/notice.tsx";
import { Grid, PageFrame } from "../../components/page.tsx";
import { StateMark } from "../../components/state-mark.tsx";
import { useOperation } from "../../query/use-operation.ts";
import { useText } from "../../text/use-text.ts";
import { stateTones } from "./looks.ts";
import { routingMessages } from "./messages.ts";
import { ModelTable } from "./model-table.tsx";
import { PlaceList } from "./place-list.tsx";
import { PolicyCard } from "./policy-card.tsx";
import { RouteCard, RouteFacts } from "./route-card.tsx";
import styles from "./routing.module.css";
import { useFigures } from "./use-figures.ts";
import { WhatIf } from "./what-if.tsx";

/** Breakers open and close without an event. */
const refreshMs = 5_000;

/** Which way calls go: by name, to which places, as things stand this moment. */
export function Page() {
  const say = useText(routingMessages);
  const [parameters, setParameters] = useSearchParams();
  const [opened, setOpened] = useState<string>();
  const { data, error, refetch } = useOperation("routes.list", {}, { refreshMs });
  const figures = useFigures();
  const asked = parameters.get("model") ?? "";
  const explain = (model: string) => {
    setOpened(undefined);
    setParameters({ model }, { replace: true });
    window.scrollTo({ top: 0 });
  };
  const routes = data?.routes ?? [];
  const configured = routes.filter(({ setting }) => setting !== null);
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
          <section className={styles["section"]} aria-labelledby="routing-names">
            <h2 id="routing-names">{say("names")}</h2>
            <p>{say("names_text")}</p>
            {configured.length === 0 ? (
              <Card>
                <EmptyState icon="route" title={say("no_names_title")} text={say("no_names_text")} />
              </Card>
            ) : (
              <Grid look="wide">
                {configured.map((route) => (
                  <RouteCard key={route.model} route={route} figures={figures} onExplain={explain} />
                ))}
              </Grid>
            )}
          </section>
          <ModelTable
            routes={routes.filter(({ setting }) => setting === null)}
            onOpen={({ model }) => setOpened(model)}
          />
          <PolicyCard policy={data.policy} />
        </>
      )}
      {shown === undefined ? null : (
        <Dialog title={shown.model} look="drawer" onClose={() => setOpened(undefined)}>
          <StateMark tone={stateTones[shown.state]}>{say(`state_${shown.state}`)}</StateMark>
          <RouteFacts route={shown} />
          <PlaceList
            label={say("places_of", { name: shown.model })}
            places={shown.candidates}
            figures={figures}
          />
        </Dialog>
      )}
    </PageFrame>
  );
}
