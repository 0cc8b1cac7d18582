import { useState } from "react";
import { Dialog } from "../../components/dialog.tsx";
import { TextField } from "../../components/field.tsx";
import { FormEnd } from "../../components/form-end.tsx";
import {
  LimitFields,
  noLimits,
  toLimitChange,
  toLimitDraft,
  toNewLimits,
} from "../../components/limit-fields.tsx";
import { useToasts } from "../../components/toast.tsx";
import { useChange } from "../../query/use-operation.ts";
import { useText } from "../../text/use-text.ts";
import { peopleMessages } from "./messages.ts";
import styles from "./people.module.css";
import type { Team } from "./use-people.ts";

/** Asks what a new team is, and makes it. */
export function TeamForm({ onClose }: { onClose(): void }) {
  const say = useText(peopleMessages);
  return (
    <Dialog title={say("new_team")} onClose={onClose}>
      <TeamFields onDone={onClose} />
    </Dialog>
  );
}

/** The fields of a team. @param of the one to be changed; absent to make one */
export function TeamFields({ of, onDone }: { readonly of?: Team; onDone(): void }) {
  const say = useText(peopleMessages);
  const toasts = useToasts();
  const create = useChange("teams.create");
  const update = useChange("teams.update");
  const [draft, setDraft] = useState(() => ({
    name: of?.name ?? "",
    ...(of === undefined ? noLimits : toLimitDraft(of)),
  }));
  const { error } = of === undefined ? create : update;
  const problems = error?.problems ?? [];
  const name = draft.name.trim();
  const over = (text: "team_made" | "team_saved") => ({
    onSuccess(team: { readonly name: string }) {
      toasts.done(say(text, { name: team.name }));
      onDone();
    },
  });
  const save = () =>
    of === undefined
      ? create.mutate({ name, ...toNewLimits(draft) }, over("team_made"))
      : update.mutate({ id: of.id, name, ...toLimitChange(draft) }, over("team_saved"));
  return (
    <form
      className={styles["form"]}
      onSubmit={(event) => {
        event.preventDefault();
        save();
      }}
    >
      <TextField
        label={say("name")}
        value={draft.name}
        onChange={(next) => setDraft({ ...draft, name: next })}
        problem={problems.find(({ field }) => field === "name")?.message}
        isRequired
        hasFocus={of === undefined}
      />
      <LimitFields
        draft={draft}
        onChange={(limits) => setDraft({ ...draft, ...limits })}
        problems={problems}
        hint={say("limits_none")}
      />
      <FormEnd
        error={error}
        action={say(of === undefined ? "make" : "save")}
        isBusy={create.isPending || update.isPending}
      />
    </form>
  );
}
