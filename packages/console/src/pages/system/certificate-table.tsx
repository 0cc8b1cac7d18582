import { type Column, DataTable } from "../../components/data-table.tsx";
import { EmptyState } from "../../components/notice.tsx";
import { StateMark, type Tone } from "../../components/state-mark.tsx";
import { Time, useNow } from "../../components/time.tsx";
import { useText } from "../../text/use-text.ts";
import { systemMessages } from "./messages.ts";
import type { Parts } from "./system-parts.ts";

type Certificate = Parts["certificates"][number];

const soonMs = 30 * 86_400_000;
const minuteMs = 60_000;

/** Certificates that settings name, with their end. */
export function CertificateTable({ certificates }: { readonly certificates: readonly Certificate[] }) {
  const say = useText(systemMessages);
  const nowMs = useNow(minuteMs);
  const columns: readonly Column<Certificate>[] = [
    { key: "setting", title: say("setting"), cell: ({ setting }) => <code>{setting}</code> },
    {
      key: "state",
      title: say("state"),
      cell: (certificate) => {
        const state = stateOf(certificate, nowMs);
        return <StateMark tone={tones[state]}>{say(state)}</StateMark>;
      },
    },
    { key: "ends", title: say("ends"), cell: ({ expires_at }) => <Time at={expires_at} /> },
    { key: "subject", title: say("subject"), cell: ({ subject, problem }) => subject ?? problem },
    { key: "names", title: say("names"), cell: ({ names }) => names.join(", ") },
    { key: "issuer", title: say("issuer"), cell: ({ issuer }) => issuer },
    { key: "file", title: say("file"), cell: ({ file }) => <code>{file}</code> },
  ];
  return (
    <DataTable
      caption={say("certificates")}
      columns={columns}
      rows={certificates}
      keyOf={({ setting }) => setting}
      empty={
        <EmptyState icon="lock" title={say("no_certificates_title")} text={say("no_certificates_text")} />
      }
    />
  );
}

const tones = {
  readable: "good",
  expiring: "warn",
  expired: "bad",
  unreadable: "bad",
} as const satisfies Record<string, Tone>;

function stateOf({ expires_at }: Certificate, nowMs: number): keyof typeof tones {
  if (expires_at === null) return "unreadable";
  const leftMs = new Date(expires_at).getTime() - nowMs;
  if (leftMs <= 0) return "expired";
  return leftMs < soonMs ? "expiring" : "readable";
}
