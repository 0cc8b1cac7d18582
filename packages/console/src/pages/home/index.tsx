import { useRef } from "react";
import { Button } from "../../components/button.tsx";
import { Card } from "../../components/card.tsx";
import { Grid, PageFrame } from "../../components/page.tsx";
import { RepairList } from "../../components/repair-list.tsx";
import { useOperation } from "../../query/use-operation.ts";
import { Allowed } from "../../session/allowed.tsx";
import { useText } from "../../text/use-text.ts";
import { Changes } from "./changes.tsx";
import { HealthBanner } from "./health-banner.tsx";
import { homeMessages } from "./messages.ts";
import { NowFigures } from "./now-figures.tsx";
import { Spend } from "./spend.tsx";
import { Topology } from "./topology.tsx";
import { TrafficPlots } from "./traffic-plots.tsx";

/** How the platform is at this moment. */
export function Page() {
  const say = useText(homeMessages);
  const repairs = useRef<HTMLDivElement>(null);
  const { data } = useOperation("system.info", {}, { refreshMs: 60_000 });
  return (
    <PageFrame
      title={say("title")}
      lead={say("lead")}
      actions={data === undefined ? null : <code>{data.version}</code>}
    >
      <HealthBanner
        action={
          <Button onClick={() => repairs.current?.scrollIntoView({ block: "start" })}>
            {say("to_repairs")}
          </Button>
        }
      />
      <NowFigures />
      <Allowed to="integrations.list">
        <Topology />
      </Allowed>
      <Allowed to="usage.sum">
        <TrafficPlots />
      </Allowed>
      <Grid look="wide">
        <Allowed to="usage.sum">
          <Spend />
        </Allowed>
        <Changes />
      </Grid>
      <div ref={repairs}>
        <Card title={say("repairs")}>
          <RepairList />
        </Card>
      </div>
    </PageFrame>
  );
}
