import { useState } from "react";
import { Button } from "../../components/button.tsx";
import { Actions, ConfirmDialog } from "../../components/dialog.tsx";
import { useToasts } from "../../components/toast.tsx";
import { useChange } from "../../query/use-operation.ts";
import { useText } from "../../text/use-text.ts";
import { peopleMessages } from "./messages.ts";
import { createPassword } from "./new-password.ts";
import type { Handover, User } from "./use-people.ts";

interface UserActionsProps {
  readonly of: User;
  readonly remove: ReturnType<typeof useChange<"users.delete">>;
  onHandover(handover: Handover): void;
  onClose(): void;
}

type Asked = "disable" | "delete_user" | "password" | "take_password";

/** What takes effect at once, each asked for before. */
export function UserActions({ of, remove, onHandover, onClose }: UserActionsProps) {
  const say = useText(peopleMessages);
  const toasts = useToasts();
  const [asked, setAsked] = useState<Asked>();
  const update = useChange("users.update");
  const setPassword = useChange("users.set_password");
  const clearPassword = useChange("users.clear_password");
  const { id, name, kind, is_active: isActive } = of;
  const failed = (error: Error) => {
    setAsked(undefined);
    toasts.failed(error);
  };
  const over = (text: string) => () => {
    setAsked(undefined);
    toasts.done(text);
  };
  const setActive = (is_active: boolean) =>
    update.mutate(
      { id, is_active },
      { onSuccess: over(say(is_active ? "enabled" : "disabled", { name })), onError: failed },
    );
  const givePassword = () => {
    const password = createPassword();
    const told = { label: say("password"), copy: say("copy_password"), text: password };
    setPassword.mutate(
      { id, password },
      { onSuccess: () => onHandover({ name, secrets: [told] }), onError: failed },
    );
  };
  const confirm: Readonly<Record<Asked, () => void>> = {
    disable: () => setActive(false),
    delete_user: () =>
      remove.mutate(
        { id },
        {
          onSuccess() {
            toasts.done(say("deleted", { name }));
            onClose();
          },
          onError: failed,
        },
      ),
    password: givePassword,
    take_password: () =>
      clearPassword.mutate({ id }, { onSuccess: over(say("password_taken", { name })), onError: failed }),
  };
  const verbs = {
    disable: "disable",
    delete_user: "delete",
    password: "give_password",
    take_password: "take_password",
  } as const;
  return (
    <Actions>
      {isActive ? (
        <Button icon="pause" onClick={() => setAsked("disable")}>
          {say("disable")}
        </Button>
      ) : (
        <Button icon="play" isBusy={update.isPending} onClick={() => setActive(true)}>
          {say("enable")}
        </Button>
      )}
      {kind === "person" ? (
        <>
          <Button icon="key" onClick={() => setAsked("password")}>
            {say("give_password")}
          </Button>
          <Button icon="lock" onClick={() => setAsked("take_password")}>
            {say("take_password")}
          </Button>
        </>
      ) : null}
      <Button look="danger" icon="cross" onClick={() => setAsked("delete_user")}>
        {say("delete")}
      </Button>
      {asked === undefined ? null : (
        <ConfirmDialog
          title={say(`${asked}_title`, { name })}
          text={say(`${asked}_text`)}
          action={say(verbs[asked])}
          isBusy={update.isPending || remove.isPending || setPassword.isPending || clearPassword.isPending}
          onConfirm={confirm[asked]}
          onClose={() => setAsked(undefined)}
        />
      )}
    </Actions>
  );
}
