import { useState } from "react";
import { Button } from "../../components/button.tsx";
import { Card } from "../../components/card.tsx";
import type { Column } from "../../components/data-table.tsx";
import { EmptyState } from "../../components/notice.tsx";
import { PagedTable } from "../../components/paged-table.tsx";
import { Time } from "../../components/time.tsx";
import { usePages } from "../../query/use-operation.ts";
import { Allowed } from "../../session/allowed.tsx";
import { useText } from "../../text/use-text.ts";
import { peopleMessages } from "./messages.ts";
import styles from "./people.module.css";
import { TeamDrawer } from "./team-drawer.tsx";
import { TeamForm } from "./team-form.tsx";
import { type Team, useLimits } from "./use-people.ts";

/** Teams, whose members share limits. */
export function TeamSection() {
  const say = useText(peopleMessages);
  const limitsOf = useLimits();
  const [isMaking, setIsMaking] = useState(false);
  const [opened, setOpened] = useState<string>();
  const pages = usePages("teams.list", {}, ({ teams }) => teams);
  const open = pages.rows.find(({ id }) => id === opened);
  const columns: readonly Column<Team>[] = [
    { key: "name", title: say("name"), cell: ({ name }) => name },
    { key: "limits", title: say("limits"), cell: limitsOf },
    { key: "made", title: say("made"), cell: ({ created_at }) => <Time at={created_at} /> },
  ];
  return (
    <>
      <Allowed to="teams.create">
        <div className={styles["line"]}>
          <span>{say("teams_empty_text")}</span>
          <Button look="primary" icon="plus" onClick={() => setIsMaking(true)}>
            {say("new_team")}
          </Button>
        </div>
      </Allowed>
      <Card>
        <PagedTable
          caption={say("teams")}
          columns={columns}
          pages={pages}
          keyOf={({ id }) => id}
          onOpen={({ id }) => setOpened(id)}
          empty={<EmptyState icon="people" title={say("teams_empty_title")} text={say("teams_empty_text")} />}
        />
      </Card>
      {isMaking ? <TeamForm onClose={() => setIsMaking(false)} /> : null}
      {open === undefined ? null : (
        <TeamDrawer key={open.id} of={open} onClose={() => setOpened(undefined)} />
      )}
    </>
  );
}
