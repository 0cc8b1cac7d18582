import type { ClientError } from "@llm-platform/client";
import { type LimitDraft, toNewLimits } from "../../components/limit-fields.tsx";
import { useToasts } from "../../components/toast.tsx";
import { useChange } from "../../query/use-operation.ts";
import { useText } from "../../text/use-text.ts";
import { peopleMessages } from "./messages.ts";
import { createPassword } from "./new-password.ts";
import type { Handover } from "./use-people.ts";

/** A new user as the form has it: an empty field is nothing. */
export interface UserDraft extends LimitDraft {
  readonly name: string;
  readonly email: string;
  readonly role: string;
  /** Id of a team. */
  readonly team: string;
  readonly kind: "person" | "service_account";
  /** How the user gets in. */
  readonly way: "password" | "key" | "none";
}

/** Makes users, with what is handed over to them. */
export function useNewUser(): {
  readonly error: ClientError | null;
  readonly isBusy: boolean;
  /** Rejects with what `error` is then. */
  make(draft: UserDraft): Promise<Handover>;
} {
  const say = useText(peopleMessages);
  const toasts = useToasts();
  const create = useChange("users.create");
  const setPassword = useChange("users.set_password");
  return {
    error: create.error,
    isBusy: create.isPending || setPassword.isPending,
    async make(draft) {
      const { name, kind, email, role, team, way } = draft;
      const user = await create.mutateAsync({
        name: name.trim(),
        kind,
        role,
        with_key: way === "key",
        ...(email === "" ? {} : { email }),
        ...(team === "" ? {} : { team }),
        ...toNewLimits(draft),
      });
      const secrets = user.key === null ? [] : [{ label: say("key"), copy: say("copy_key"), text: user.key }];
      if (way !== "password" || kind !== "person") return { name: user.name, secrets };
      const password = createPassword();
      const told = { label: say("password"), copy: say("copy_password"), text: password };
      try {
        await setPassword.mutateAsync({ id: user.id, password });
        return { name: user.name, secrets: [told, ...secrets] };
      } catch (error) {
        // The user is there all the same; a password can be given from the list.
        if (error instanceof Error) toasts.failed(error);
        return { name: user.name, secrets };
      }
    },
  };
}
