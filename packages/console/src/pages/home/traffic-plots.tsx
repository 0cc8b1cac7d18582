import { Card } from "../../components/card.tsx";
import { EmptyState, ErrorState, Notice, Skeleton } from "../../components/notice.tsx";
import { Grid } from "../../components/page.tsx";
import { Plot } from "../../components/plot.tsx";
import { useFormats } from "../../components/use-formats.ts";
import { useText } from "../../text/use-text.ts";
import { homeMessages } from "./messages.ts";
import { useLastHour } from "./use-last-hour.ts";

/** Calls, times and tokens of the last hour. */
export function TrafficPlots() {
  const say = useText(homeMessages);
  const formats = useFormats();
  const { timesMs, minutes, source, error, isLoading } = useLastHour();
  if (error !== null) return <ErrorState error={error} />;
  if (isLoading) return <Skeleton lines={5} />;
  if (minutes.every((minute) => minute === undefined))
    return (
      <Card title={say("traffic")}>
        <EmptyState icon="chart" title={say("no_traffic_title")} text={say("no_traffic_text")} />
      </Card>
    );
  const problem = source?.problem ?? null;
  const isFromPrometheus = source?.source === "prometheus";
  return (
    <Grid look="wide">
      {problem === null ? null : <Notice tone="warn">{say("from_ledger", { problem })}</Notice>}
      <Card
        title={say("traffic")}
        actions={isFromPrometheus ? <small>{say("from_prometheus")}</small> : null}
      >
        <Plot
          label={say("traffic")}
          timesMs={timesMs}
          series={[
            { label: say("calls"), values: minutes.map((minute) => minute?.calls ?? 0) },
            { label: say("failed"), values: minutes.map((minute) => minute?.failed ?? 0) },
          ]}
          format={formats.count}
        />
      </Card>
      <Card title={say("latency")}>
        <Plot
          label={say("latency")}
          timesMs={timesMs}
          series={[
            { label: say("p95_short"), values: minutes.map((minute) => minute?.duration_ms?.p95 ?? null) },
            { label: say("p50"), values: minutes.map((minute) => minute?.duration_ms?.p50 ?? null) },
            {
              label: say("first_content"),
              values: minutes.map((minute) => minute?.first_content_ms?.p95 ?? null),
            },
          ]}
          format={formats.duration}
        />
      </Card>
      <Card title={say("tokens")}>
        <Plot
          label={say("tokens")}
          timesMs={timesMs}
          series={[
            { label: say("tokens_in"), values: minutes.map((minute) => minute?.input_tokens ?? 0) },
            { label: say("tokens_out"), values: minutes.map((minute) => minute?.output_tokens ?? 0) },
          ]}
          format={formats.count}
        />
      </Card>
    </Grid>
  );
}
