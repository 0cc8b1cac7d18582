import { Button } from "../../components/button.tsx";
import { ErrorState, Skeleton } from "../../components/notice.tsx";
import { Time } from "../../components/time.tsx";
import { useToasts } from "../../components/toast.tsx";
import { useChange, useOperation } from "../../query/use-operation.ts";
import { Allowed } from "../../session/allowed.tsx";
import { useText } from "../../text/use-text.ts";
import { peopleMessages } from "./messages.ts";
import styles from "./people.module.css";
import type { User } from "./use-people.ts";

/** The logins of one user. */
export function UserSessions({ of: { id } }: { readonly of: User }) {
  const say = useText(peopleMessages);
  const toasts = useToasts();
  const { data, error, refetch } = useOperation("sessions.list", { user: id });
  const end = useChange("sessions.end");
  const endAll = useChange("users.end_sessions");
  if (data === undefined)
    return error === null ? <Skeleton /> : <ErrorState error={error} onRetry={() => void refetch()} />;
  return (
    <section className={styles["part"]} aria-label={say("own_sessions")}>
      <h3>{say("own_sessions")}</h3>
      {data.sessions.length === 0 ? <p>{say("user_no_sessions")}</p> : null}
      <ul className={styles["list"]}>
        {data.sessions.map((session) => (
          <li key={session.id} className={styles["line"]}>
            <span>
              {say("since")} <Time at={session.created_at} /> · {say("until")}{" "}
              <Time at={session.expires_at} />
              {session.is_current ? ` · ${say("this_session")}` : null}
            </span>
            <Allowed to="sessions.end">
              <Button
                look="quiet"
                isBusy={end.isPending && end.variables.id === session.id}
                onClick={() =>
                  end.mutate(
                    { id: session.id },
                    { onSuccess: () => toasts.done(say("session_ended")), onError: toasts.failed },
                  )
                }
              >
                {say("end")}
              </Button>
            </Allowed>
          </li>
        ))}
      </ul>
      {data.sessions.length < 2 ? null : (
        <Allowed to="users.end_sessions">
          <div>
            <Button
              icon="out"
              isBusy={endAll.isPending}
              onClick={() =>
                endAll.mutate(
                  { id },
                  {
                    onSuccess: ({ ended }) => toasts.done(say("sessions_ended", { count: ended })),
                    onError: toasts.failed,
                  },
                )
              }
            >
              {say("end_all")}
            </Button>
          </div>
        </Allowed>
      )}
    </section>
  );
}
