import { Link } from "wouter";
import { Button } from "../../components/button.tsx";
import { Card } from "../../components/card.tsx";
import { EmptyState, ErrorState, Skeleton } from "../../components/notice.tsx";
import { StateMark } from "../../components/state-mark.tsx";
import { Time } from "../../components/time.tsx";
import { useToasts } from "../../components/toast.tsx";
import { useChange, useOperation } from "../../query/use-operation.ts";
import { Allowed } from "../../session/allowed.tsx";
import { useText } from "../../text/use-text.ts";
import type { Receiver } from "./looks.ts";
import { alertMessages } from "./messages.ts";
import styles from "./alerts.module.css";

const refreshMs = 15_000;

/** Who is told, and whether that works. */
export function Receivers() {
  const say = useText(alertMessages);
  const { data, error, refetch } = useOperation("alerts.receivers", {}, { refreshMs });
  return (
    <Card title={say("channels")}>
      {data === undefined && error !== null ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : null}
      {data === undefined && error === null ? <Skeleton /> : null}
      {data?.receivers.length === 0 ? (
        <EmptyState
          icon="bell"
          title={say("no_channels_title")}
          text={say("no_channels_text")}
          action={<Link href="/integrations">{say("to_integrations")}</Link>}
        />
      ) : null}
      <ul className={styles["alerts"]}>
        {data?.receivers.map((receiver) => (
          <ReceiverLine key={receiver.receiver} receiver={receiver} />
        ))}
      </ul>
    </Card>
  );
}

function ReceiverLine({ receiver: each }: { readonly receiver: Receiver }) {
  const say = useText(alertMessages);
  const toasts = useToasts();
  const test = useChange("alerts.test");
  const { receiver: name, last_failed_at: failedAt, last_taken_at: takenAt } = each;
  const hasFailedLast = failedAt !== null && (takenAt === null || failedAt > takenAt);
  const tell = (problem: string | null | undefined) =>
    problem === null
      ? toasts.done(say("test_taken", { name }))
      : toasts.failed(new Error(say("test_failed", { name, problem: problem ?? say("away") })));
  return (
    <li className={styles["alert"]} data-tone={hasFailedLast ? "bad" : "good"}>
      <div className={styles["head"]}>
        <h3>
          <Link href={`/integrations/${encodeURIComponent(name)}`}>{name}</Link>
        </h3>
        <StateMark tone={each.state === "away" ? "bad" : hasFailedLast ? "warn" : "good"}>
          {say(each.state === "away" ? "away" : hasFailedLast ? "failing" : "ready")}
        </StateMark>
        {each.waiting === 0 ? null : <small>{say("waiting", { count: each.waiting })}</small>}
      </div>
      <p className={styles["soft"]}>
        {takenAt === null ? (
          say("never_taken")
        ) : (
          <>
            {say("last_taken")} <Time at={takenAt} look="distance" />
          </>
        )}
      </p>
      {failedAt === null ? null : (
        <p className={styles["soft"]}>
          {say("last_failed")} <Time at={failedAt} look="distance" />: {each.last_problem}
        </p>
      )}
      <Allowed to="alerts.test">
        <div className={styles["actions"]}>
          <Button
            icon="bell"
            isBusy={test.isPending}
            aria-label={say("test_name", { name })}
            onClick={() =>
              test.mutate(
                { receiver: name },
                {
                  onSuccess: ({ receivers }) => tell(receivers[0]?.problem),
                  onError: toasts.failed,
                },
              )
            }
          >
            {say("test")}
          </Button>
        </div>
      </Allowed>
    </li>
  );
}
