import { useState } from "react";
import { Button } from "../../components/button.tsx";
import { Card } from "../../components/card.tsx";
import { ConfirmDialog } from "../../components/dialog.tsx";
import { StateMark } from "../../components/state-mark.tsx";
import { useToasts } from "../../components/toast.tsx";
import { useFormats } from "../../components/use-formats.ts";
import { useChange } from "../../query/use-operation.ts";
import { useMay } from "../../session/use-session.ts";
import { useText } from "../../text/use-text.ts";
import { ProgressBar } from "./bar.tsx";
import { modelMessages } from "./messages.ts";
import { actionsOf, phaseTones, type Pull } from "./model-facts.ts";
import styles from "./models.module.css";
import { usePulls } from "./use-pulls.ts";

/** So many that came to an end are shown beside those that did not. */
const mostEnded = 3;

/** Models on their way here, and the last that came. Nothing where nothing was ever pulled. */
export function PullList() {
  const say = useText(modelMessages);
  const pulls = usePulls() ?? [];
  const ended = pulls.filter(isEnded).slice(0, mostEnded);
  const shown = [...pulls.filter((pull) => !isEnded(pull)), ...ended];
  if (shown.length === 0) return null;
  return (
    <Card title={say("pulls")} isLive>
      <ul className={styles["pulls"]}>
        {shown.map((pull) => (
          <PullItem key={pull.id} pull={pull} />
        ))}
      </ul>
    </Card>
  );
}

function isEnded({ phase }: Pull): boolean {
  return phase === "done" || phase === "cancelled";
}

function PullItem({ pull }: { readonly pull: Pull }) {
  const say = useText(modelMessages);
  const { source, phase, completed_bytes: completed, total_bytes: total, error, models } = pull;
  const ratio = total === null || total === 0 ? undefined : completed / total;
  return (
    <li>
      <div className={styles["pullHead"]}>
        <strong>{source}</strong>
        <StateMark tone={phaseTones[phase]}>{say(`phase_${phase}`)}</StateMark>
      </div>
      {isEnded(pull) ? null : <ProgressBar label={say("progress_of", { name: source })} ratio={ratio} />}
      <div className={styles["pullFoot"]}>
        <PullFigures pull={pull} />
        <PullActions pull={pull} />
      </div>
      {error === null ? null : <p className={styles["problem"]}>{error.message}</p>}
      {phase === "done" && models.length > 0 ? <p>{say("call_it", { name: models.join(", ") })}</p> : null}
    </li>
  );
}

function PullFigures({ pull }: { readonly pull: Pull }) {
  const say = useText(modelMessages);
  const { bytes, duration, ratio } = useFormats();
  const { completed_bytes: completed, total_bytes: total, bytes_per_second, eta_seconds, phase } = pull;
  const isMoving = phase === "downloading";
  const figures = [
    total === null ? bytes(completed) : say("of_bytes", { done: bytes(completed), total: bytes(total) }),
    total === null || total === 0 ? undefined : ratio(completed / total),
    isMoving && bytes_per_second !== null ? say("speed", { bytes: bytes(bytes_per_second) }) : undefined,
    isMoving && eta_seconds !== null ? say("left", { time: duration(eta_seconds * 1_000) }) : undefined,
  ];
  return <span>{figures.filter((figure) => figure !== undefined).join(" · ")}</span>;
}

const icons = { pause: "pause", resume: "play", cancel: "cross" } as const;

function PullActions({ pull }: { readonly pull: Pull }) {
  const say = useText(modelMessages);
  const may = useMay();
  const toasts = useToasts();
  const [isAsking, setIsAsking] = useState(false);
  const changes = {
    pause: useChange("pulls.pause"),
    resume: useChange("pulls.resume"),
    cancel: useChange("pulls.cancel"),
  };
  const run = (action: keyof typeof changes) => {
    setIsAsking(false);
    changes[action].mutate({ id: pull.id }, { onError: toasts.failed });
  };
  return (
    <span className={styles["buttons"]}>
      {actionsOf(pull)
        .filter((action) => may(`pulls.${action}`))
        .map((action) => (
          <Button
            key={action}
            icon={icons[action]}
            isBusy={changes[action].isPending}
            aria-label={say(`${action}_name`, { name: pull.source })}
            onClick={() => (action === "cancel" ? setIsAsking(true) : run(action))}
          >
            {say(action)}
          </Button>
        ))}
      {isAsking ? (
        <ConfirmDialog
          title={say("cancel_name", { name: pull.source })}
          text={say("cancel_text")}
          action={say("cancel_pull")}
          onConfirm={() => run("cancel")}
          onClose={() => setIsAsking(false)}
        />
      ) : null}
    </span>
  );
}
