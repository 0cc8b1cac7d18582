import { useState } from "react";
import { Button } from "../../components/button.tsx";
import { Card } from "../../components/card.tsx";
import { type Column, DataTable } from "../../components/data-table.tsx";
import { Dialog } from "../../components/dialog.tsx";
import { EmptyState } from "../../components/notice.tsx";
import { StateMark } from "../../components/state-mark.tsx";
import { useOperation } from "../../query/use-operation.ts";
import { Allowed } from "../../session/allowed.tsx";
import { useText } from "../../text/use-text.ts";
import { peopleMessages } from "./messages.ts";
import styles from "./people.module.css";
import { RoleDrawer, RoleFields } from "./role-drawer.tsx";
import type { Role } from "./use-people.ts";

/** Roles, and what each allows. */
export function RoleSection() {
  const say = useText(peopleMessages);
  const [isMaking, setIsMaking] = useState(false);
  const [opened, setOpened] = useState<string>();
  const { data, error, isLoading, refetch } = useOperation("roles.list", {});
  const roles = data?.roles ?? [];
  const open = roles.find(({ name }) => name === opened);
  const columns: readonly Column<Role>[] = [
    { key: "name", title: say("name"), cell: ({ name }) => name },
    {
      key: "origin",
      title: say("origin"),
      cell: ({ is_built_in }) => (
        <StateMark tone="none" icon={is_built_in ? "lock" : "wrench"}>
          {say(is_built_in ? "built_in" : "own")}
        </StateMark>
      ),
    },
    {
      key: "permissions",
      title: say("permissions"),
      cell: ({ permissions }) => say("permission_count", { count: permissions.length }),
    },
    { key: "description", title: say("description"), cell: ({ description }) => description },
  ];
  return (
    <>
      <Allowed to="roles.create">
        <div className={styles["head"]}>
          <span />
          <Button look="primary" icon="plus" onClick={() => setIsMaking(true)}>
            {say("new_role")}
          </Button>
        </div>
      </Allowed>
      <Card>
        <DataTable
          caption={say("roles")}
          columns={columns}
          rows={roles}
          keyOf={({ name }) => name}
          onOpen={({ name }) => setOpened(name)}
          isLoading={isLoading}
          error={error}
          onRetry={() => void refetch()}
          empty={<EmptyState icon="lock" title={say("none_fits_title")} text={say("none_fits_text")} />}
        />
      </Card>
      {isMaking ? (
        <Dialog title={say("new_role")} onClose={() => setIsMaking(false)}>
          <RoleFields onDone={() => setIsMaking(false)} />
        </Dialog>
      ) : null}
      {open === undefined ? null : (
        <RoleDrawer key={open.name} of={open} onClose={() => setOpened(undefined)} />
      )}
    </>
  );
}
