import type { OperationOutput } from "@llm-platform/client";
import { Card } from "../../components/card.tsx";
import { EmptyState, ErrorState, Skeleton } from "../../components/notice.tsx";
import { StateMark, type Tone } from "../../components/state-mark.tsx";
import { useOperation } from "../../query/use-operation.ts";
import { useText } from "../../text/use-text.ts";
import { Discovery } from "./discovery.tsx";
import { startMessages } from "./messages.ts";
import styles from "./start.module.css";

type Integration = OperationOutput<"integrations.list">["integrations"][number];

/** Which platforms of models there are, among them those that were looked for on this machine without being asked to. */
export function FoundPlatforms() {
  const say = useText(startMessages);
  const { data, error, refetch } = useOperation("integrations.list", {});
  const platforms = data?.integrations.filter(({ type, enabled }) => type === "model_platform" && enabled);
  return (
    <Card title={say("found")}>
      {error === null ? null : <ErrorState error={error} onRetry={() => void refetch()} />}
      {platforms === undefined && error === null ? <Skeleton /> : null}
      {platforms?.length === 0 ? (
        <EmptyState icon="plug" title={say("none_found_title")} text={say("none_found_text")} />
      ) : null}
      <ul className={styles["list"]}>
        {platforms?.map((platform) => (
          <Platform key={platform.name} platform={platform} />
        ))}
      </ul>
      <Discovery />
    </Card>
  );
}

function Platform({ platform: { name, state, reason } }: { readonly platform: Integration }) {
  const say = useText(startMessages);
  const { data } = useOperation("models.list", {});
  const count = data?.models.filter(({ integration }) => integration === name).length ?? 0;
  return (
    <li>
      <div className={styles["row"]}>
        <strong>{name}</strong>
        <StateMark tone={toneOf(state)}>{state}</StateMark>
        <span>{say("models", { count })}</span>
      </div>
      {state === "running" || reason === null ? null : <p className={styles["soft"]}>{reason}</p>}
    </li>
  );
}

function toneOf(state: Integration["state"]): Tone {
  switch (state) {
    case "running":
      return "good";
    case "degraded":
    case "retrying":
    case "auth_required":
      return "warn";
    case "error":
      return "bad";
    case "starting":
    case "stopping":
      return "calm";
    case "disabled":
    case "stopped":
      return "none";
  }
}
