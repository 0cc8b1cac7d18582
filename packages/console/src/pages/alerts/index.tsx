import { useState } from "react";
import { ErrorState, Notice, Skeleton } from "../../components/notice.tsx";
import { PageFrame } from "../../components/page.tsx";
import { useOperation } from "../../query/use-operation.ts";
import { useText } from "../../text/use-text.ts";
import { ActiveAlerts } from "./active-alerts.tsx";
import { KnownAlerts } from "./known-alerts.tsx";
import { listActive, type Rule } from "./looks.ts";
import { alertMessages } from "./messages.ts";
import { Receivers } from "./receivers.tsx";
import { RuleDrawer } from "./rule-drawer.tsx";
import { RuleTable } from "./rule-table.tsx";
import { SilenceForm } from "./silence-form.tsx";
import { Silences } from "./silences.tsx";

/** What is pending is told by no event. */
const refreshMs = 15_000;

type Open =
  | { readonly what: "rule"; readonly rule: Rule }
  | { readonly what: "silence"; readonly labels: Readonly<Record<string, string>> };

/** What is wrong, who is told of it, and when somebody would be. */
export function Page() {
  const say = useText(alertMessages);
  const [open, setOpen] = useState<Open>();
  const { data, error, refetch } = useOperation("alerts.rules", {}, { refreshMs });
  const { data: told } = useOperation("alerts.receivers", {}, { refreshMs });
  const hasKeeper = told?.receivers.some(({ keeps_silences: keeps }) => keeps) === true;
  const silence = (labels: Readonly<Record<string, string>>) => setOpen({ what: "silence", labels });
  const close = () => setOpen(undefined);
  return (
    <PageFrame title={say("title")} lead={say("lead")}>
      {error !== null && data === undefined ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : null}
      {error === null && data === undefined ? <Skeleton lines={6} /> : null}
      {data?.is_on === false ? <Notice tone="warn">{say("off")}</Notice> : null}
      {data === undefined ? null : (
        <ActiveAlerts active={listActive(data.rules)} onSilence={hasKeeper ? silence : undefined} />
      )}
      <Receivers />
      <Silences hasKeeper={hasKeeper} onNew={() => silence({})} />
      <KnownAlerts />
      {data === undefined ? null : (
        <RuleTable rules={data.rules} onOpen={(rule) => setOpen({ what: "rule", rule })} />
      )}
      {open?.what === "rule" ? <RuleDrawer rule={open.rule} onClose={close} /> : null}
      {open?.what === "silence" ? (
        <SilenceForm labels={open.labels} rules={data?.rules ?? []} onClose={close} />
      ) : null}
    </PageFrame>
  );
}
