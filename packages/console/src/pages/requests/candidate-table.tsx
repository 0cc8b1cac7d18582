import { breakerTones } from "../../components/breaker-tones.ts";
import { candidateTones } from "../../components/candidate-tones.ts";
import { type Column, DataTable } from "../../components/data-table.tsx";
import { EmptyState } from "../../components/notice.tsx";
import { StateMark } from "../../components/state-mark.tsx";
import { useFormats } from "../../components/use-formats.ts";
import { useText } from "../../text/use-text.ts";
import { requestMessages } from "./messages.ts";
import type { Explanation } from "./explanation.ts";

type Candidate = Explanation["candidates"][number];

/** Where a call could have gone, and why it went there or not. */
export function CandidateTable({ candidates }: { readonly candidates: readonly Candidate[] }) {
  const say = useText(requestMessages);
  const formats = useFormats();
  const columns: readonly Column<Candidate>[] = [
    { key: "target", title: say("candidate"), cell: ({ target }) => <code>{target}</code> },
    {
      key: "verdict",
      title: say("verdict"),
      cell: ({ verdict }) => (
        <StateMark tone={candidateTones[verdict]}>{say(`verdict_${verdict}`)}</StateMark>
      ),
    },
    {
      key: "breaker",
      title: say("breaker"),
      cell: ({ breaker }) => <StateMark tone={breakerTones[breaker]}>{say(`breaker_${breaker}`)}</StateMark>,
    },
    {
      key: "share",
      title: say("share"),
      isNumber: true,
      cell: ({ share }) => (share === null ? say("fallback") : formats.ratio(share)),
    },
  ];
  return (
    <DataTable
      caption={say("candidates")}
      columns={columns}
      rows={candidates}
      keyOf={({ target }) => target}
      empty={<EmptyState icon="route" title={say("no_candidates_title")} text={say("no_candidates_text")} />}
    />
  );
}
