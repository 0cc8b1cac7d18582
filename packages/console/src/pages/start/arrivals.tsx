import { type LiveItem } from "@llm-platform/client";
import { useState } from "react";
import { Card } from "../../components/card.tsx";
import { type Column, DataTable } from "../../components/data-table.tsx";
import { EmptyState } from "../../components/notice.tsx";
import { StateMark, type Tone } from "../../components/state-mark.tsx";
import { Time } from "../../components/time.tsx";
import { useFormats } from "../../components/use-formats.ts";
import { useGatheredFeed } from "../../live/use-live.ts";
import { useText } from "../../text/use-text.ts";
import { startMessages } from "./messages.ts";

type Call = Extract<LiveItem<"requests">["data"], { readonly requested_model: string }>;

const mostShown = 5;

const tones: Readonly<Record<Call["status"], Tone>> = {
  ok: "good",
  failed: "bad",
  refused: "warn",
  cancelled: "none",
  unfinished: "calm",
};

/** The calls of models since the page was opened, as they arrive. */
export function Arrivals() {
  const say = useText(startMessages);
  const { count, duration } = useFormats();
  const [calls, setCalls] = useState<readonly Call[]>([]);
  useGatheredFeed("requests", {}, (items) => {
    const arrived = items.flatMap(({ data }) => ("requested_model" in data ? [data] : [])).reverse();
    setCalls((before) => [...arrived, ...before].slice(0, mostShown));
  });
  const columns: readonly Column<Call>[] = [
    { key: "time", title: say("time"), cell: ({ started_at }) => <Time at={started_at} /> },
    { key: "model", title: say("model"), cell: ({ requested_model }) => requested_model },
    {
      key: "status",
      title: say("outcome"),
      cell: ({ status }) => <StateMark tone={tones[status]}>{say(`status_${status}`)}</StateMark>,
    },
    {
      key: "tokens",
      title: say("tokens"),
      isNumber: true,
      cell: ({ input_tokens, output_tokens }) => `${count(input_tokens)} + ${count(output_tokens)}`,
    },
    {
      key: "duration",
      title: say("took"),
      isNumber: true,
      cell: ({ duration_ms }) => duration(Math.round(duration_ms)),
    },
  ];
  return (
    <Card title={say("arrivals")} isLive>
      <DataTable
        caption={say("calls")}
        columns={columns}
        rows={calls}
        keyOf={({ id }) => id}
        empty={<EmptyState icon="clock" title={say("waiting_title")} text={say("waiting_text")} />}
      />
    </Card>
  );
}
