import { useState } from "react";
import { Button } from "../../components/button.tsx";
import { Card } from "../../components/card.tsx";
import type { Column } from "../../components/data-table.tsx";
import { SelectField } from "../../components/field.tsx";
import { FindBar } from "../../components/find-bar.tsx";
import { EmptyState } from "../../components/notice.tsx";
import { PagedTable } from "../../components/paged-table.tsx";
import { ShownSecret } from "../../components/shown-secret.tsx";
import { Time } from "../../components/time.tsx";
import { usePages } from "../../query/use-operation.ts";
import { Allowed } from "../../session/allowed.tsx";
import { useText } from "../../text/use-text.ts";
import { peopleMessages } from "./messages.ts";
import { NewUser } from "./new-user.tsx";
import styles from "./people.module.css";
import { type Handover, type User, useLimits, useRoleNames, useTeams } from "./use-people.ts";
import { UserDrawer } from "./user-drawer.tsx";
import { UserMark } from "./user-mark.tsx";

/** Users and service accounts: made, looked at and changed. */
export function UserSection() {
  const say = useText(peopleMessages);
  const [text, setText] = useState("");
  const [role, setRole] = useState("");
  const [isMaking, setIsMaking] = useState(false);
  const [opened, setOpened] = useState<string>();
  const [handover, setHandover] = useState<Handover>();
  const pages = usePages("users.list", role === "" ? {} : { role }, ({ users }) => users);
  const { nameOf } = useTeams();
  const roles = useRoleNames();
  const rows = pages.rows.filter(({ name, email, team }) =>
    fits([name, email ?? "", team === null ? "" : nameOf(team)], text),
  );
  const open = pages.rows.find(({ id }) => id === opened);
  const tell = (next: Handover) => {
    setIsMaking(false);
    setOpened(undefined);
    if (next.secrets.length > 0) setHandover(next);
  };
  const nothing = pages.rows.length === 0 && role === "" ? "users_empty" : "none_fits";
  return (
    <>
      <div className={styles["head"]}>
        <FindBar label={say("find")} hint={say("find_users")} text={text} onFind={setText}>
          <SelectField
            label={say("show")}
            value={role}
            options={[
              { value: "", label: say("all_roles") },
              ...roles.map((name) => ({ value: name, label: name })),
            ]}
            onChange={setRole}
          />
        </FindBar>
        <Allowed to="users.create">
          <Button look="primary" icon="plus" onClick={() => setIsMaking(true)}>
            {say("new_user")}
          </Button>
        </Allowed>
      </div>
      <Card>
        <PagedTable
          caption={say("users")}
          columns={useColumns(nameOf)}
          pages={pages}
          rows={rows}
          keyOf={({ id }) => id}
          onOpen={({ id }) => setOpened(id)}
          empty={<EmptyState icon="people" title={say(`${nothing}_title`)} text={say(`${nothing}_text`)} />}
        />
      </Card>
      {isMaking ? <NewUser onMade={tell} onClose={() => setIsMaking(false)} /> : null}
      {open === undefined ? null : (
        <UserDrawer key={open.id} of={open} onHandover={tell} onClose={() => setOpened(undefined)} />
      )}
      {handover === undefined ? null : (
        <ShownSecret
          title={say("secret_title", { name: handover.name })}
          warning={say("secret_text", { name: handover.name })}
          secrets={handover.secrets}
          onClose={() => setHandover(undefined)}
        />
      )}
    </>
  );
}

function useColumns(teamOf: (id: string) => string): readonly Column<User>[] {
  const say = useText(peopleMessages);
  const limitsOf = useLimits();
  return [
    { key: "name", title: say("name"), cell: ({ name }) => name },
    { key: "state", title: say("state"), cell: ({ is_active }) => <UserMark isActive={is_active} /> },
    { key: "role", title: say("role"), cell: ({ role }) => role },
    { key: "team", title: say("team"), cell: ({ team }) => (team === null ? say("no_team") : teamOf(team)) },
    { key: "kind", title: say("kind"), cell: ({ kind }) => say(`kind_${kind}`) },
    { key: "email", title: say("email"), cell: ({ email }) => email ?? say("nothing") },
    { key: "limits", title: say("limits"), cell: limitsOf },
    { key: "made", title: say("made"), cell: ({ created_at }) => <Time at={created_at} /> },
  ];
}

function fits(words: readonly string[], text: string): boolean {
  return words.join(" ").toLowerCase().includes(text.trim().toLowerCase());
}
