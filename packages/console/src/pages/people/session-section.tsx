import { useState } from "react";
import { Button } from "../../components/button.tsx";
import { Card } from "../../components/card.tsx";
import type { Column } from "../../components/data-table.tsx";
import { ConfirmDialog } from "../../components/dialog.tsx";
import { EmptyState } from "../../components/notice.tsx";
import { PagedTable } from "../../components/paged-table.tsx";
import { Time } from "../../components/time.tsx";
import { useToasts } from "../../components/toast.tsx";
import { useChange, usePages } from "../../query/use-operation.ts";
import { useMay } from "../../session/use-session.ts";
import { useText } from "../../text/use-text.ts";
import { peopleMessages } from "./messages.ts";
import { type Session, useUserNames } from "./use-people.ts";

/** Everybody who is logged in. */
export function SessionSection() {
  const say = useText(peopleMessages);
  const toasts = useToasts();
  const may = useMay();
  const nameOf = useUserNames();
  const end = useChange("sessions.end");
  const [asked, setAsked] = useState<Session>();
  const pages = usePages("sessions.list", {}, ({ sessions }) => sessions);
  const ending: Column<Session> = {
    key: "end",
    title: say("end"),
    cell: (session) => (
      <Button look="quiet" icon="out" onClick={() => setAsked(session)}>
        {say("end")}
      </Button>
    ),
  };
  const columns: readonly Column<Session>[] = [
    {
      key: "user",
      title: say("user"),
      cell: ({ user, is_current }) =>
        is_current ? `${nameOf(user)} (${say("this_session")})` : nameOf(user),
    },
    { key: "since", title: say("since"), cell: ({ created_at }) => <Time at={created_at} /> },
    { key: "until", title: say("until"), cell: ({ expires_at }) => <Time at={expires_at} /> },
    ...(may("sessions.end") ? [ending] : []),
  ];
  return (
    <Card>
      <PagedTable
        caption={say("sessions")}
        columns={columns}
        pages={pages}
        keyOf={({ id }) => id}
        empty={<EmptyState icon="person" title={say("no_sessions_title")} text={say("no_sessions_text")} />}
      />
      {asked === undefined ? null : (
        <ConfirmDialog
          title={say("end_session_title")}
          text={say("end_session_text")}
          action={say("end")}
          isBusy={end.isPending}
          onConfirm={() =>
            end.mutate(
              { id: asked.id },
              {
                onSuccess: () => toasts.done(say("session_ended")),
                onError: toasts.failed,
                onSettled: () => setAsked(undefined),
              },
            )
          }
          onClose={() => setAsked(undefined)}
        />
      )}
    </Card>
  );
}
