import type { OperationOutput } from "@llm-platform/client";
import { HeatMap, type Place } from "../../components/heat-map.tsx";
import { EmptyState } from "../../components/notice.tsx";
import { useFormats } from "../../components/use-formats.ts";
import { useText } from "../../text/use-text.ts";
import { homeMessages } from "./messages.ts";

type Minute = OperationOutput<"usage.history">["points"][number];

interface FirstContentMapProps {
  readonly timesMs: readonly number[];
  readonly minutes: readonly (Minute | undefined)[];
  readonly boundsMs: readonly number[];
}

/** So many minutes are between two that are named. */
const markedMinutes = 10;

/** How many streams took how long until their first content, minute by minute. */
export function FirstContentMap({ timesMs, minutes, boundsMs }: FirstContentMapProps) {
  const say = useText(homeMessages);
  const formats = useFormats();
  const counts = minutes.map((minute) => minute?.first_content_counts ?? []);
  // Only the lengths that there were, and those between them.
  const used = counts.flatMap((of) => of.flatMap((count, at) => (count > 0 ? [at] : [])));
  if (used.length === 0)
    return <EmptyState icon="chart" title={say("no_stream_title")} text={say("no_stream_text")} />;
  const first = Math.min(...used);
  const bins = Array.from({ length: Math.max(...used) - first + 1 }, (_bin, at) => first + at).toReversed();
  const rows = bins.map((bin): Place => {
    const bound = boundsMs[bin];
    const name =
      bound === undefined ? `≥ ${formats.duration(boundsMs.at(-1))}` : `< ${formats.duration(bound)}`;
    return { key: String(bin), name, mark: name };
  });
  const columns = timesMs.map((atMs, at): Place => {
    const name = formats.clock(new Date(atMs));
    return { key: String(atMs), name, mark: at % markedMinutes === 0 ? name : undefined };
  });
  return (
    <HeatMap
      label={say("first_content_map")}
      columnTitle={say("minute")}
      columns={columns}
      rows={rows}
      values={counts.map((of) => bins.map((bin) => of[bin] ?? 0))}
      format={formats.count}
    />
  );
}
