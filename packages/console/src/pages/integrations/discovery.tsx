import type { OperationOutput } from "@llm-platform/client";
import { useEffect } from "react";
import { Link } from "wouter";
import { CopyButton } from "../../components/copy-button.tsx";
import { Dialog } from "../../components/dialog.tsx";
import { EmptyState, ErrorState, Skeleton } from "../../components/notice.tsx";
import { StateMark } from "../../components/state-mark.tsx";
import { useChange } from "../../query/use-operation.ts";
import { useText } from "../../text/use-text.ts";
import styles from "./integrations.module.css";
import { integrationMessages } from "./messages.ts";

type Found = OperationOutput<"integrations.discover">["found"][number];

/** Looks once, when it is opened, for servers on the platform's machine. */
export function Discovery({ onClose }: { onClose(): void }) {
  const say = useText(integrationMessages);
  const { mutate, data, error } = useChange("integrations.discover");
  useEffect(() => mutate({}), [mutate]);
  return (
    <Dialog title={say("discover_title")} onClose={onClose}>
      <p>{say("discover_text")}</p>
      {error === null ? null : <ErrorState error={error} onRetry={() => mutate({})} />}
      {data === undefined && error === null ? <Skeleton /> : null}
      {data?.found.length === 0 ? (
        <EmptyState icon="search" title={say("discover_none_title")} text={say("discover_none_text")} />
      ) : null}
      <ul>
        {data?.found.map((found) => (
          <FoundServer key={found.address} found={found} />
        ))}
      </ul>
    </Dialog>
  );
}

function FoundServer({
  found: { label, use, address, models, settings, integration },
}: {
  readonly found: Found;
}) {
  const say = useText(integrationMessages);
  // As it stands in the configuration file.
  const entry = `- name: ${use}-${new URL(address).port}\n  use: ${use}\n  settings: ${JSON.stringify(settings)}`;
  return (
    <li className={styles["found"]}>
      <p>
        <strong>{label}</strong> <code>{address}</code>
        {models === null ? null : <small> · {say("found_models", { count: models })}</small>}
      </p>
      {integration === null ? (
        <CopyButton text={entry} label={say("connect")} />
      ) : (
        <>
          <StateMark tone="good">{say("connected", { name: integration })}</StateMark>
          <Link href={`/integrations/${encodeURIComponent(integration)}`}>{say("to_check")}</Link>
        </>
      )}
      {integration === null ? <pre tabIndex={0}>{entry}</pre> : null}
    </li>
  );
}
