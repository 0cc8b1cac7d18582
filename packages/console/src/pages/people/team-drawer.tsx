import { useState } from "react";
import { Button } from "../../components/button.tsx";
import { Dialog } from "../../components/dialog.tsx";
import { FactList } from "../../components/fact-list.tsx";
import { SelectField } from "../../components/field.tsx";
import { ErrorState, Skeleton } from "../../components/notice.tsx";
import { Time } from "../../components/time.tsx";
import { useToasts } from "../../components/toast.tsx";
import { useChange, useOperation } from "../../query/use-operation.ts";
import { Allowed } from "../../session/allowed.tsx";
import { useMay } from "../../session/use-session.ts";
import { useText } from "../../text/use-text.ts";
import { DeleteButton } from "./delete-button.tsx";
import { peopleMessages } from "./messages.ts";
import styles from "./people.module.css";
import { TeamFields } from "./team-form.tsx";
import { useDeletion } from "./use-deletion.ts";
import { type Team, useLimits } from "./use-people.ts";

/** So many members are shown, and so many users can be chosen from. */
const most = 1_000;

/** One team: its limits, its members, and its end. */
export function TeamDrawer({ of, onClose }: { readonly of: Team; onClose(): void }) {
  const say = useText(peopleMessages);
  const may = useMay();
  const limitsOf = useLimits();
  return (
    <Dialog look="drawer" title={of.name} onClose={onClose}>
      <FactList
        facts={[
          [say("made"), <Time key="made" at={of.created_at} />],
          [say("limits"), limitsOf(of)],
        ]}
      />
      {may("teams.update") ? <TeamFields of={of} onDone={onClose} /> : null}
      <Allowed to="users.list">
        <Members of={of} />
      </Allowed>
      <Allowed to="teams.delete">
        <DeleteTeam of={of} onClose={onClose} />
      </Allowed>
    </Dialog>
  );
}

function Members({ of }: { readonly of: Team }) {
  const say = useText(peopleMessages);
  const toasts = useToasts();
  const update = useChange("users.update");
  const { data, error, refetch } = useOperation("users.list", { team: of.id, limit: most });
  if (data === undefined)
    return error === null ? <Skeleton /> : <ErrorState error={error} onRetry={() => void refetch()} />;
  return (
    <section className={styles["part"]} aria-label={say("members")}>
      <h3>{say("members")}</h3>
      {data.users.length === 0 ? <p>{say("no_members")}</p> : null}
      <ul className={styles["list"]}>
        {data.users.map(({ id, name, role }) => (
          <li key={id} className={styles["line"]}>
            <span>
              {name} <span className={styles["hint"]}>{role}</span>
            </span>
            <Allowed to="users.update">
              <Button
                look="quiet"
                aria-label={say("remove_label", { name })}
                onClick={() =>
                  update.mutate(
                    { id, team: null },
                    {
                      onSuccess: () => toasts.done(say("member_removed", { name })),
                      onError: toasts.failed,
                    },
                  )
                }
              >
                {say("remove")}
              </Button>
            </Allowed>
          </li>
        ))}
      </ul>
      <Allowed to="users.update">
        <AddMember to={of} />
      </Allowed>
    </section>
  );
}

function AddMember({ to }: { readonly to: Team }) {
  const say = useText(peopleMessages);
  const toasts = useToasts();
  const update = useChange("users.update");
  const { data } = useOperation("users.list", { limit: most });
  const [chosen, setChosen] = useState("");
  const others = data?.users.filter(({ team }) => team !== to.id) ?? [];
  if (others.length === 0) return null;
  return (
    <form
      className={styles["adding"]}
      onSubmit={(event) => {
        event.preventDefault();
        if (chosen === "") return;
        update.mutate(
          { id: chosen, team: to.id },
          {
            onSuccess({ name }) {
              setChosen("");
              toasts.done(say("member_added", { name, team: to.name }));
            },
            onError: toasts.failed,
          },
        );
      }}
    >
      <SelectField
        label={say("add_member")}
        value={chosen}
        options={[
          { value: "", label: say("choose_user") },
          ...others.map(({ id, name }) => ({ value: id, label: name })),
        ]}
        onChange={setChosen}
      />
      <Button isSubmit icon="plus" isBusy={update.isPending} disabled={chosen === ""}>
        {say("add")}
      </Button>
    </form>
  );
}

function DeleteTeam({ of: { id, name }, onClose }: { readonly of: Team; onClose(): void }) {
  const say = useText(peopleMessages);
  const deletion = useDeletion(name, onClose);
  const remove = useChange("teams.delete");
  return (
    <DeleteButton
      title={say("delete_team_title", { name })}
      text={say("delete_team_text")}
      isBusy={remove.isPending}
      onConfirm={(over) => remove.mutate({ id }, deletion(over))}
    />
  );
}
