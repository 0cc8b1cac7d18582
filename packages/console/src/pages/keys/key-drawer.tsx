import { useState } from "react";
import { Button } from "../../components/button.tsx";
import { Actions, ConfirmDialog, Dialog } from "../../components/dialog.tsx";
import { TextField } from "../../components/field.tsx";
import { type Fact, FactList } from "../../components/fact-list.tsx";
import { FormEnd } from "../../components/form-end.tsx";
import { LimitFields } from "../../components/limit-fields.tsx";
import { PermissionFields } from "../../components/permission-fields.tsx";
import { Time } from "../../components/time.tsx";
import { useToasts } from "../../components/toast.tsx";
import { useChange } from "../../query/use-operation.ts";
import { useMay } from "../../session/use-session.ts";
import { useText } from "../../text/use-text.ts";
import { EndField } from "./end-field.tsx";
import { type Key, type NewSecret, toDraft, toKeyChange } from "./key-draft.ts";
import { KeyMark } from "./key-state.tsx";
import styles from "./keys.module.css";
import { keyMessages } from "./messages.ts";
import { RotateKey } from "./rotate-key.tsx";

interface KeyDrawerProps {
  readonly of: Key;
  readonly owner: string;
  onNewText(secret: NewSecret): void;
  onClose(): void;
}

/** One key: what is known of it, and what can be done with it. */
export function KeyDrawer({ of, owner, onNewText, onClose }: KeyDrawerProps) {
  const say = useText(keyMessages);
  const canChange = useMay()("keys.update") && of.revoked_at === null;
  const facts: readonly Fact[] = [
    [say("state"), <KeyMark key="state" of={of} />],
    [say("prefix"), <code key="prefix">{of.prefix}</code>],
    [say("owner"), owner],
    ...(canChange ? [] : [[say("permissions"), of.scopes.join(", ")] as const]),
    [say("made"), <Time key="made" at={of.created_at} />],
    [say("last_used"), of.last_used_at === null ? say("never") : <Time key="used" at={of.last_used_at} />],
    [say("old_text"), <Time key="old" at={of.previous_expires_at} />],
  ];
  return (
    <Dialog look="drawer" title={of.name} onClose={onClose}>
      <FactList facts={facts} />
      {canChange ? (
        <>
          <ChangeForm of={of} onClose={onClose} />
          <EndingActions of={of} onNewText={onNewText} onClose={onClose} />
        </>
      ) : null}
    </Dialog>
  );
}

function ChangeForm({ of, onClose }: { readonly of: Key; onClose(): void }) {
  const say = useText(keyMessages);
  const toasts = useToasts();
  const update = useChange("keys.update");
  const [draft, setDraft] = useState(() => toDraft(of));
  const problems = update.error?.problems ?? [];
  return (
    <form
      className={styles["form"]}
      onSubmit={(event) => {
        event.preventDefault();
        update.mutate(toKeyChange(of, draft), {
          onSuccess({ name }) {
            toasts.done(say("saved", { name }));
            onClose();
          },
        });
      }}
    >
      <TextField
        label={say("name")}
        value={draft.name}
        onChange={(name) => setDraft({ ...draft, name })}
        problem={problems.find(({ field }) => field === "name")?.message}
        isRequired
      />
      <EndField draft={draft} onChange={setDraft} problems={problems} />
      <LimitFields
        draft={draft}
        onChange={(limits) => setDraft({ ...draft, ...limits })}
        problems={problems}
        hint={say("empty_is_none")}
      />
      <PermissionFields
        legend={say("permissions")}
        chosen={draft.scopes}
        onChange={(scopes) => setDraft({ ...draft, scopes })}
      />
      <FormEnd error={update.error} action={say("save")} isBusy={update.isPending} />
    </form>
  );
}

function EndingActions({ of, onNewText, onClose }: Omit<KeyDrawerProps, "owner">) {
  const say = useText(keyMessages);
  const toasts = useToasts();
  const revoke = useChange("keys.revoke");
  const [asked, setAsked] = useState<"rotate" | "revoke">();
  const { id, name } = of;
  return (
    <Actions>
      <Button icon="refresh" onClick={() => setAsked("rotate")}>
        {say("rotate")}
      </Button>
      <Button look="danger" icon="power" onClick={() => setAsked("revoke")}>
        {say("revoke")}
      </Button>
      {asked === "rotate" ? (
        <RotateKey of={of} onNewText={onNewText} onClose={() => setAsked(undefined)} />
      ) : null}
      {asked === "revoke" ? (
        <ConfirmDialog
          title={say("revoke_title", { name })}
          text={say("revoke_text")}
          action={say("revoke")}
          isBusy={revoke.isPending}
          onConfirm={() =>
            revoke.mutate(
              { id },
              {
                onSuccess() {
                  toasts.done(say("revoke_done", { name }));
                  onClose();
                },
                onError(error) {
                  setAsked(undefined);
                  toasts.failed(error);
                },
              },
            )
          }
          onClose={() => setAsked(undefined)}
        />
      ) : null}
    </Actions>
  );
}
