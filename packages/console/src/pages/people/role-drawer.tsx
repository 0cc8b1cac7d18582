import { useState } from "react";
import { Dialog } from "../../components/dialog.tsx";
import { FactList } from "../../components/fact-list.tsx";
import { TextField } from "../../components/field.tsx";
import { FormEnd } from "../../components/form-end.tsx";
import { Notice } from "../../components/notice.tsx";
import { type Permission, PermissionFields } from "../../components/permission-fields.tsx";
import { StateMark } from "../../components/state-mark.tsx";
import { useToasts } from "../../components/toast.tsx";
import { useChange, useOperation } from "../../query/use-operation.ts";
import { Allowed } from "../../session/allowed.tsx";
import { useMay } from "../../session/use-session.ts";
import { useText } from "../../text/use-text.ts";
import { DeleteButton } from "./delete-button.tsx";
import { peopleMessages } from "./messages.ts";
import styles from "./people.module.css";
import { useDeletion } from "./use-deletion.ts";
import type { Role } from "./use-people.ts";

/** One role: what it allows, and who has it. */
export function RoleDrawer({ of, onClose }: { readonly of: Role; onClose(): void }) {
  const say = useText(peopleMessages);
  const canChange = useMay()("roles.update") && !of.is_built_in;
  return (
    <Dialog look="drawer" title={of.name} onClose={onClose}>
      {of.is_built_in ? <Notice>{say("built_in_text")}</Notice> : null}
      {canChange ? (
        <>
          <RoleFields of={of} onDone={onClose} />
          <Allowed to="roles.delete">
            <DeleteRole of={of} onClose={onClose} />
          </Allowed>
        </>
      ) : (
        <>
          <p>{of.description}</p>
          <Allowances of={of} />
        </>
      )}
      <Allowed to="users.list">
        <Holders of={of} />
      </Allowed>
    </Dialog>
  );
}

function Allowances({ of: { permissions } }: { readonly of: Role }) {
  const say = useText(peopleMessages);
  const { data } = useOperation("roles.list", {});
  const meanings = new Map<string, string>(data?.permissions.map(({ name, summary }) => [name, summary]));
  return (
    <ul className={styles["permissions"]} tabIndex={0} aria-label={say("permissions")}>
      {permissions.map((permission) => (
        <li key={permission}>
          <StateMark tone="none" icon="check">
            {permission}
          </StateMark>
          <span />
          <span className={styles["hint"]}>{meanings.get(permission)}</span>
        </li>
      ))}
    </ul>
  );
}

function Holders({ of: { name } }: { readonly of: Role }) {
  const say = useText(peopleMessages);
  const { data } = useOperation("users.list", { role: name });
  if (data === undefined) return null;
  const names = data.users.map((user) => user.name).join(", ");
  const more = data.next_cursor === null ? "" : ", …";
  return (
    <section className={styles["part"]} aria-label={say("role_users")}>
      <FactList facts={[[say("role_users"), names === "" ? say("nothing") : names + more]]} />
    </section>
  );
}

/** The fields of a role. @param of the one to be changed; absent to make one */
export function RoleFields({ of, onDone }: { readonly of?: Role; onDone(): void }) {
  const say = useText(peopleMessages);
  const toasts = useToasts();
  const create = useChange("roles.create");
  const update = useChange("roles.update");
  const [name, setName] = useState(of?.name ?? "");
  const [description, setDescription] = useState(of?.description ?? "");
  const [chosen, setChosen] = useState<readonly Permission[]>(of?.permissions ?? []);
  const { error } = of === undefined ? create : update;
  const problemOf = (field: string) => error?.problems.find((each) => each.field === field)?.message;
  const over = (text: "role_made" | "role_saved") => ({
    onSuccess(role: { readonly name: string }) {
      toasts.done(say(text, { name: role.name }));
      onDone();
    },
  });
  const asked = { name: name.trim(), description, permissions: [...chosen] };
  return (
    <form
      className={styles["form"]}
      onSubmit={(event) => {
        event.preventDefault();
        if (of === undefined) create.mutate(asked, over("role_made"));
        else update.mutate(asked, over("role_saved"));
      }}
    >
      {of === undefined ? (
        <TextField
          label={say("name")}
          hint={say("role_name_hint")}
          value={name}
          onChange={setName}
          problem={problemOf("name")}
          isRequired
          hasFocus
        />
      ) : null}
      <TextField label={say("description")} value={description} onChange={setDescription} />
      <PermissionFields legend={say("permissions")} chosen={chosen} onChange={setChosen} />
      <FormEnd
        error={error}
        action={say(of === undefined ? "make" : "save")}
        isBusy={create.isPending || update.isPending}
      />
    </form>
  );
}

function DeleteRole({ of: { name }, onClose }: { readonly of: Role; onClose(): void }) {
  const say = useText(peopleMessages);
  const deletion = useDeletion(name, onClose);
  const remove = useChange("roles.delete");
  return (
    <DeleteButton
      title={say("delete_role_title", { name })}
      text={say("delete_role_text")}
      isBusy={remove.isPending}
      onConfirm={(over) => remove.mutate({ name }, deletion(over))}
    />
  );
}
