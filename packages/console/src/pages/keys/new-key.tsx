import { useState } from "react";
import { Dialog } from "../../components/dialog.tsx";
import { SelectField, TextField } from "../../components/field.tsx";
import { FormEnd } from "../../components/form-end.tsx";
import { LimitFields } from "../../components/limit-fields.tsx";
import { PermissionFields } from "../../components/permission-fields.tsx";
import { useChange, useOperation } from "../../query/use-operation.ts";
import { useText } from "../../text/use-text.ts";
import { EndField } from "./end-field.tsx";
import { emptyDraft, type NewSecret, toNewKey } from "./key-draft.ts";
import styles from "./keys.module.css";
import { keyMessages } from "./messages.ts";
import { useOwners } from "../../components/use-owners.ts";

interface NewKeyProps {
  onMade(secret: NewSecret): void;
  onClose(): void;
}

/** Neither is the name of a role. */
const asOwner = "";
const chosen = "*";

/** Asks what a new key is to be, and makes it. */
export function NewKey({ onMade, onClose }: NewKeyProps) {
  const say = useText(keyMessages);
  const create = useChange("keys.create");
  const { data } = useOperation("roles.list", {});
  const [draft, setDraft] = useState(emptyDraft);
  const [owner, setOwner] = useState("");
  const [role, setRole] = useState(asOwner);
  const problems = create.error?.problems ?? [];
  const make = () =>
    create.mutate(
      {
        ...toNewKey(draft),
        ...(owner === "" ? {} : { owner }),
        ...(role === chosen ? { scopes: [...draft.scopes] } : role === asOwner ? {} : { role }),
      },
      { onSuccess: ({ name, key }) => onMade({ name, key }) },
    );
  return (
    <Dialog title={say("create_title")} onClose={onClose}>
      <form
        className={styles["form"]}
        onSubmit={(event) => {
          event.preventDefault();
          make();
        }}
      >
        <TextField
          label={say("name")}
          value={draft.name}
          onChange={(name) => setDraft({ ...draft, name })}
          problem={problems.find(({ field }) => field === "name")?.message}
          isRequired
          hasFocus
        />
        <OwnerField value={owner} onChange={setOwner} />
        <SelectField
          label={say("may")}
          hint={say("role_hint")}
          value={role}
          options={[
            { value: asOwner, label: say("as_owner") },
            ...(data?.roles ?? []).map(({ name }) => ({ value: name, label: name })),
            { value: chosen, label: say("chosen") },
          ]}
          onChange={setRole}
        />
        {role === chosen ? (
          <PermissionFields
            legend={say("permissions")}
            chosen={draft.scopes}
            onChange={(scopes) => setDraft({ ...draft, scopes })}
          />
        ) : null}
        <EndField draft={draft} onChange={setDraft} problems={problems} />
        <LimitFields
          draft={draft}
          onChange={(limits) => setDraft({ ...draft, ...limits })}
          problems={problems}
          hint={say("empty_is_default")}
        />
        <FormEnd error={create.error} action={say("create")} isBusy={create.isPending} onCancel={onClose} />
      </form>
    </Dialog>
  );
}

function OwnerField({ value, onChange }: { readonly value: string; onChange(owner: string): void }) {
  const say = useText(keyMessages);
  const { users } = useOwners();
  if (users.length === 0) return null;
  return (
    <SelectField
      label={say("owner")}
      value={value}
      options={[
        { value: "", label: say("myself") },
        ...users.map(({ id, name }) => ({ value: id, label: name })),
      ]}
      onChange={onChange}
    />
  );
}
