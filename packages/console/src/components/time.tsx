import { useEffect, useState } from "react";
import { useText } from "../text/use-text.ts";
import { componentMessages } from "./messages.ts";
import { useFormats } from "./use-formats.ts";

interface TimeProps {
  /** ISO 8601, as the API has it. */
  readonly at: string | null | undefined;
  /** `distance` says how long ago, `short` in few letters. */
  readonly look?: "time" | "distance" | "short";
}

/** A time in the reader's zone; a look at it tells UTC. */
export function Time({ look = "time", ...props }: TimeProps) {
  return <TimeSince {...props} look={look} nowMs={useNow(look === "time" ? 60_000 : 10_000)} />;
}

/** The same beside a clock of one's own: a table has one for all its rows. */
export function TimeSince({ at, look = "time", nowMs }: TimeProps & { readonly nowMs: number }) {
  const formats = useFormats();
  const say = useText(componentMessages);
  if (at === null || at === undefined) return <span>{say("not_set")}</span>;
  const date = new Date(at);
  return (
    <time dateTime={at} title={`${date.toISOString().replace("T", " ").replace("Z", "")} UTC`}>
      {look === "time"
        ? formats.time(date, nowMs)
        : formats.distance(date, nowMs, look === "short" ? "short" : "long")}
    </time>
  );
}

/** Counts down to a time, second by second. */
export function Countdown({ to }: { readonly to: string }) {
  const formats = useFormats();
  const nowMs = useNow(1_000);
  const leftMs = Math.max(0, new Date(to).getTime() - nowMs);
  return <time dateTime={to}>{formats.duration(Math.ceil(leftMs / 1_000) * 1_000)}</time>;
}

/** The time of now, told again after each interval. */
export function useNow(intervalMs: number): number {
  const [nowMs, setNowMs] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), intervalMs);
    return () => clearInterval(timer);
  }, [intervalMs]);
  return nowMs;
}
