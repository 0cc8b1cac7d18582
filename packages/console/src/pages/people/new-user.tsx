import { useState } from "react";
import { Dialog } from "../../components/dialog.tsx";
import { SelectField, TextField } from "../../components/field.tsx";
import { FormEnd } from "../../components/form-end.tsx";
import { LimitFields, noLimits } from "../../components/limit-fields.tsx";
import { useText } from "../../text/use-text.ts";
import { peopleMessages } from "./messages.ts";
import styles from "./people.module.css";
import { type UserDraft, useNewUser } from "./use-new-user.ts";
import { type Handover, useRoleNames, useTeams } from "./use-people.ts";

const emptyDraft: UserDraft = {
  name: "",
  email: "",
  role: "developer",
  team: "",
  kind: "person",
  way: "password",
  ...noLimits,
};
const ways = { person: ["password", "key", "none"], service_account: ["key", "none"] } as const;

/** Asks who a new user is and how the user gets in, and makes the user. */
export function NewUser({ onMade, onClose }: { onMade(handover: Handover): void; onClose(): void }) {
  const say = useText(peopleMessages);
  const { error, isBusy, make } = useNewUser();
  const [draft, setDraft] = useState(emptyDraft);
  const change = (fields: Partial<UserDraft>) => setDraft({ ...draft, ...fields });
  const problems = error?.problems ?? [];
  return (
    <Dialog title={say("new_user")} onClose={onClose}>
      <form
        className={styles["form"]}
        onSubmit={(event) => {
          event.preventDefault();
          // What went wrong stands in the form.
          make(draft).then(onMade, () => undefined);
        }}
      >
        <TextField
          label={say("name")}
          value={draft.name}
          onChange={(name) => change({ name })}
          problem={problems.find(({ field }) => field === "name")?.message}
          isRequired
          hasFocus
        />
        <PlaceFields draft={draft} onChange={change} />
        <TextField
          label={say("email")}
          type="email"
          value={draft.email}
          onChange={(email) => change({ email })}
          problem={problems.find(({ field }) => field === "email")?.message}
        />
        <SelectField
          label={say("login_way")}
          hint={say("way_hint")}
          value={draft.way}
          options={ways[draft.kind].map((each) => ({ value: each, label: say(`way_${each}`) }))}
          onChange={(way) => change({ way })}
        />
        <LimitFields draft={draft} onChange={change} problems={problems} hint={say("limits_default")} />
        <FormEnd error={error} action={say("make")} isBusy={isBusy} onCancel={onClose} />
      </form>
    </Dialog>
  );
}

/** What a user is, and where the user belongs. */
function PlaceFields({
  draft: { kind, role, team },
  onChange,
}: {
  readonly draft: UserDraft;
  onChange(fields: Partial<UserDraft>): void;
}) {
  const say = useText(peopleMessages);
  const roles = useRoleNames();
  const { teams } = useTeams();
  return (
    <>
      <SelectField
        label={say("kind")}
        value={kind}
        options={[
          { value: "person", label: say("kind_person") },
          { value: "service_account", label: say("kind_service_account") },
        ]}
        onChange={(next) => onChange({ kind: next, way: ways[next][0] })}
      />
      <SelectField
        label={say("role")}
        value={role}
        options={roles.map((name) => ({ value: name, label: name }))}
        onChange={(next) => onChange({ role: next })}
      />
      <SelectField
        label={say("team")}
        value={team}
        options={[
          { value: "", label: say("no_team") },
          ...teams.map(({ id, name }) => ({ value: id, label: name })),
        ]}
        onChange={(next) => onChange({ team: next })}
      />
    </>
  );
}
