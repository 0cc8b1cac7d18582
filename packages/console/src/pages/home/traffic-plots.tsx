import { Card } from "../../components/card.tsx";
import { EmptyState, ErrorState, Notice, Skeleton } from "../../components/notice.tsx";
import { Grid } from "../../components/page.tsx";
import { Plot, type Series } from "../../components/plot.tsx";
import { useFormats } from "../../components/use-formats.ts";
import { useText } from "../../text/use-text.ts";
import { FirstContentMap } from "./first-content-map.tsx";
import { homeMessages } from "./messages.ts";
import { type LastHour, useLastHour } from "./use-last-hour.ts";

/** Calls, times and tokens of the last hour. */
export function TrafficPlots() {
  const say = useText(homeMessages);
  const hour = useLastHour();
  const { timesMs, minutes, source, error, isLoading } = hour;
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
    <>
      {problem === null ? null : <Notice tone="warn">{say("from_ledger", { problem })}</Notice>}
      <Grid look="wide">
        <Card
          title={say("traffic")}
          actions={isFromPrometheus ? <small>{say("from_prometheus")}</small> : null}
        >
          <CallsPlot hour={hour} />
        </Card>
        <Card title={say("latency")}>
          <LatencyPlot hour={hour} />
        </Card>
        <Card title={say("tokens")}>
          <TokensPlot hour={hour} />
        </Card>
        <Card title={say("first_content_map")}>
          <FirstContentMap
            timesMs={timesMs}
            minutes={minutes}
            boundsMs={source?.first_content_bounds_ms ?? []}
          />
        </Card>
      </Grid>
    </>
  );
}

interface HourPlotProps {
  readonly hour: Pick<LastHour, "timesMs" | "minutes">;
}

const failures = ["cancelled", "request", "rate_limited", "timeout", "upstream", "interrupted"] as const;

/** Calls, and what failed of them by why; a way to fail that nothing took is not there. */
function CallsPlot({ hour: { timesMs, minutes } }: HourPlotProps) {
  const say = useText(homeMessages);
  const formats = useFormats();
  const failed = failures
    .map(
      (why): Series => ({
        label: say(`failed_${why}`),
        values: minutes.map((minute) => minute?.errors[why] ?? 0),
      }),
    )
    .filter(({ values }) => values.some((value) => value !== 0));
  const calls: Series = {
    label: say("calls"),
    values: minutes.map((minute) => minute?.calls ?? 0),
    look: "area",
  };
  const none: Series = { label: say("failed"), values: minutes.map(() => 0) };
  return (
    <Plot
      label={say("traffic")}
      timesMs={timesMs}
      series={[calls, ...(failed.length === 0 ? [none] : failed)]}
      format={formats.count}
    />
  );
}

function LatencyPlot({ hour: { timesMs, minutes } }: HourPlotProps) {
  const say = useText(homeMessages);
  const formats = useFormats();
  const percentile = (share: "p50" | "p95" | "p99"): Series => ({
    label: say(share === "p95" ? "p95_short" : share),
    values: minutes.map((minute) => minute?.duration_ms?.[share] ?? null),
  });
  return (
    <Plot
      label={say("latency")}
      timesMs={timesMs}
      series={[
        percentile("p95"),
        percentile("p50"),
        percentile("p99"),
        {
          label: say("first_content"),
          values: minutes.map((minute) => minute?.first_content_ms?.p95 ?? null),
        },
      ]}
      format={formats.duration}
    />
  );
}

function TokensPlot({ hour: { timesMs, minutes } }: HourPlotProps) {
  const say = useText(homeMessages);
  const formats = useFormats();
  return (
    <Plot
      label={say("tokens")}
      timesMs={timesMs}
      series={[
        { label: say("tokens_in"), values: minutes.map((minute) => (minute?.input_tokens ?? 0) / 60) },
        { label: say("tokens_out"), values: minutes.map((minute) => (minute?.output_tokens ?? 0) / 60) },
      ]}
      format={formats.count}
    />
  );
}
