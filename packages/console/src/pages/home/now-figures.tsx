import { useState } from "react";
import { Card, Figure } from "../../components/card.tsx";
import { FigureList } from "../../components/page.tsx";
import { useFormats } from "../../components/use-formats.ts";
import { useFeed } from "../../live/use-live.ts";
import { useOperation } from "../../query/use-operation.ts";
import { useText } from "../../text/use-text.ts";
import {
  addReading,
  followedMetrics,
  type Rates,
  ratesOf,
  type Reading,
  toReading,
} from "./counter-rates.ts";
import { homeMessages } from "./messages.ts";
import { useLastHour } from "./use-last-hour.ts";

const interval = { interval_seconds: 5, series: followedMetrics };

/** What goes on this minute, from the metrics as they come. */
export function NowFigures() {
  const say = useText(homeMessages);
  const formats = useFormats();
  const rates = useRates();
  const { data: system } = useOperation("system.info", {}, { refreshMs: 60_000 });
  const { p95Ms } = useLastHour();
  return (
    <Card
      title={say("now")}
      actions={
        system === undefined ? null : (
          <small>{say("up", { time: formats.duration(system.uptime_seconds * 1_000) })}</small>
        )
      }
    >
      <FigureList>
        <Figure label={say("requests_per_second")} note={say("last_minute")} isLive>
          {formats.count(rates === undefined ? null : round(rates.requests))}
        </Figure>
        <Figure label={say("tokens_per_second")} note={say("last_minute")} isLive>
          {formats.count(rates === undefined ? null : round(rates.tokens))}
        </Figure>
        <Figure label={say("errors")} note={say("last_minute")} isLive>
          {formats.ratio(rates?.errorRatio)}
        </Figure>
        <Figure label={say("p95")} note={say("last_hour")}>
          {formats.duration(p95Ms)}
        </Figure>
        <Figure label={say("in_flight")} isLive>
          {formats.count(rates?.inFlight ?? system?.requests_in_flight)}
        </Figure>
      </FigureList>
    </Card>
  );
}

function useRates(): Rates | undefined {
  const [readings, setReadings] = useState<readonly Reading[]>([]);
  useFeed("metrics", interval, ({ data }) => setReadings((before) => addReading(before, toReading(data))));
  return ratesOf(readings);
}

function round(rate: number): number {
  return Math.round(rate * 10) / 10;
}
