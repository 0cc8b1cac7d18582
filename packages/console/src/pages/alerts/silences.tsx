import { useState } from "react";
import { Button } from "../../components/button.tsx";
import { Card } from "../../components/card.tsx";
import { ConfirmDialog } from "../../components/dialog.tsx";
import { EmptyState, ErrorState } from "../../components/notice.tsx";
import { Countdown, Time } from "../../components/time.tsx";
import { useToasts } from "../../components/toast.tsx";
import { useChange, useOperation } from "../../query/use-operation.ts";
import { Allowed } from "../../session/allowed.tsx";
import { useText } from "../../text/use-text.ts";
import type { Silence } from "./looks.ts";
import { alertMessages } from "./messages.ts";
import styles from "./alerts.module.css";

const refreshMs = 15_000;

interface SilencesProps {
  /** Whether anybody keeps silences. */
  readonly hasKeeper: boolean;
  onNew(): void;
}

/** What nobody is told of, for how long and why. */
export function Silences({ hasKeeper, onNew }: SilencesProps) {
  const say = useText(alertMessages);
  const { data, error, refetch } = useOperation("alerts.silences", {}, { refreshMs });
  const [ending, setEnding] = useState<Silence>();
  const create = (
    <Allowed to="alerts.silence">
      <Button icon="plus" onClick={onNew}>
        {say("new_silence")}
      </Button>
    </Allowed>
  );
  return (
    <Card title={say("silences")} actions={hasKeeper ? create : null}>
      {data === undefined && error !== null ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : null}
      {hasKeeper ? <p className={styles["soft"]}>{say("silences_text")}</p> : null}
      {data?.silences.length === 0 ? (
        <EmptyState
          icon="pause"
          title={say("no_silences_title")}
          text={say(hasKeeper ? "no_silences_text" : "no_keeper_text")}
        />
      ) : null}
      <ul className={styles["alerts"]}>
        {data?.silences.map((silence) => (
          <SilenceLine
            key={`${silence.receiver}/${silence.id}`}
            silence={silence}
            onEnd={() => setEnding(silence)}
          />
        ))}
      </ul>
      {ending === undefined ? null : <EndSilence silence={ending} onClose={() => setEnding(undefined)} />}
    </Card>
  );
}

function SilenceLine({ silence, onEnd }: { readonly silence: Silence; onEnd(): void }) {
  const say = useText(alertMessages);
  const matchers = silence.matchers.join(" ");
  return (
    <li className={styles["alert"]}>
      <div className={styles["head"]}>
        <code>{matchers}</code>
        <small>
          {say("ends_in")} <Countdown to={silence.ends_at} /> (<Time at={silence.ends_at} />)
        </small>
      </div>
      <p>{silence.comment}</p>
      <p className={styles["soft"]}>
        {say("kept_by", { who: silence.created_by, receiver: silence.receiver })}
      </p>
      <Allowed to="alerts.unsilence">
        <div className={styles["actions"]}>
          <Button look="quiet" icon="play" aria-label={say("end_name", { matchers })} onClick={onEnd}>
            {say("end")}
          </Button>
        </div>
      </Allowed>
    </li>
  );
}

function EndSilence({ silence, onClose }: { readonly silence: Silence; onClose(): void }) {
  const say = useText(alertMessages);
  const toasts = useToasts();
  const end = useChange("alerts.unsilence");
  return (
    <ConfirmDialog
      title={say("end_title")}
      text={say("end_text", { matchers: silence.matchers.join(" ") })}
      action={say("end")}
      isBusy={end.isPending}
      onClose={onClose}
      onConfirm={() =>
        end.mutate(
          { receiver: silence.receiver, id: silence.id },
          {
            onSuccess: () => toasts.done(say("ended")),
            onError: toasts.failed,
            onSettled: onClose,
          },
        )
      }
    />
  );
}
