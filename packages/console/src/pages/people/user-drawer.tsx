import { useState } from "react";
import { Dialog } from "../../components/dialog.tsx";
import { type Fact, FactList } from "../../components/fact-list.tsx";
import { SelectField, TextField } from "../../components/field.tsx";
import { FormEnd } from "../../components/form-end.tsx";
import { LimitFields, toLimitChange, toLimitDraft } from "../../components/limit-fields.tsx";
import { Time } from "../../components/time.tsx";
import { useToasts } from "../../components/toast.tsx";
import { useChange } from "../../query/use-operation.ts";
import { useMay } from "../../session/use-session.ts";
import { useText } from "../../text/use-text.ts";
import { peopleMessages } from "./messages.ts";
import styles from "./people.module.css";
import { type Handover, useRoleNames, type User, useTeams } from "./use-people.ts";
import { UserAccess } from "./user-access.tsx";
import { UserActions } from "./user-actions.tsx";
import { UserMark } from "./user-mark.tsx";
import { UserSessions } from "./user-sessions.tsx";

interface UserDrawerProps {
  readonly of: User;
  onHandover(handover: Handover): void;
  onClose(): void;
}

/** One user: what is known, what the user may do and why, logins, and what can be changed. */
export function UserDrawer({ of, onHandover, onClose }: UserDrawerProps) {
  const say = useText(peopleMessages);
  const canChange = useMay()("users.update");
  const { nameOf } = useTeams();
  const remove = useChange("users.delete");
  // Of who is gone nothing can be asked any more.
  const isGoing = remove.isPending || remove.isSuccess;
  const facts: readonly Fact[] = [
    [say("state"), <UserMark key="state" isActive={of.is_active} />],
    [say("kind"), say(`kind_${of.kind}`)],
    ...(canChange
      ? []
      : [
          [say("role"), of.role] as const,
          [say("team"), of.team === null ? say("no_team") : nameOf(of.team)] as const,
          [say("email"), of.email ?? say("nothing")] as const,
        ]),
    [say("made"), <Time key="made" at={of.created_at} />],
  ];
  return (
    <Dialog look="drawer" title={of.name} onClose={onClose}>
      <FactList facts={facts} />
      {canChange ? (
        <>
          <ChangeForm of={of} />
          <UserActions of={of} remove={remove} onHandover={onHandover} onClose={onClose} />
        </>
      ) : null}
      {isGoing ? null : (
        <>
          <UserAccess of={of} />
          <UserSessions of={of} />
        </>
      )}
    </Dialog>
  );
}

function ChangeForm({ of }: { readonly of: User }) {
  const say = useText(peopleMessages);
  const toasts = useToasts();
  const update = useChange("users.update");
  const roles = useRoleNames();
  const { teams } = useTeams();
  const [draft, setDraft] = useState(() => ({
    role: of.role,
    team: of.team ?? "",
    email: of.email ?? "",
    ...toLimitDraft(of),
  }));
  const problems = update.error?.problems ?? [];
  const save = () =>
    update.mutate(
      {
        id: of.id,
        ...(draft.role === of.role ? {} : { role: draft.role }),
        team: draft.team === "" ? null : draft.team,
        email: draft.email === "" ? null : draft.email,
        ...toLimitChange(draft),
      },
      { onSuccess: ({ name }) => toasts.done(say("user_saved", { name })) },
    );
  return (
    <form
      className={styles["form"]}
      onSubmit={(event) => {
        event.preventDefault();
        save();
      }}
    >
      <SelectField
        label={say("role")}
        value={draft.role}
        options={[...new Set([of.role, ...roles])].map((name) => ({ value: name, label: name }))}
        onChange={(role) => setDraft({ ...draft, role })}
      />
      <SelectField
        label={say("team")}
        value={draft.team}
        options={[
          { value: "", label: say("no_team") },
          ...teams.map(({ id, name }) => ({ value: id, label: name })),
        ]}
        onChange={(team) => setDraft({ ...draft, team })}
      />
      <TextField
        label={say("email")}
        type="email"
        value={draft.email}
        onChange={(email) => setDraft({ ...draft, email })}
        problem={problems.find(({ field }) => field === "email")?.message}
      />
      <LimitFields
        draft={draft}
        onChange={(limits) => setDraft({ ...draft, ...limits })}
        problems={problems}
        hint={say("limits_default")}
      />
      <FormEnd error={update.error} action={say("save")} isBusy={update.isPending} />
    </form>
  );
}
