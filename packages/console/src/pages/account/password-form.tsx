import { useState } from "react";
import { Card } from "../../components/card.tsx";
import { TextField } from "../../components/field.tsx";
import { FormEnd } from "../../components/form-end.tsx";
import { useToasts } from "../../components/toast.tsx";
import { useChange } from "../../query/use-operation.ts";
import { Allowed } from "../../session/allowed.tsx";
import { useText } from "../../text/use-text.ts";
import styles from "./account.module.css";
import { accountMessages } from "./messages.ts";

export function PasswordForm() {
  const say = useText(accountMessages);
  const toasts = useToasts();
  const change = useChange("auth.password");
  const [current, setCurrent] = useState("");
  const [next, setNext] = useState("");
  return (
    <Allowed to="auth.password">
      <Card title={say("password")}>
        <form
          className={styles["form"]}
          onSubmit={(event) => {
            event.preventDefault();
            change.mutate(
              { current_password: current, new_password: next },
              {
                onSuccess() {
                  setCurrent("");
                  setNext("");
                  toasts.done(say("changed"));
                },
              },
            );
          }}
        >
          <TextField
            label={say("current")}
            type="password"
            autoComplete="current-password"
            value={current}
            onChange={setCurrent}
            isRequired
          />
          <TextField
            label={say("next")}
            hint={say("next_hint")}
            type="password"
            autoComplete="new-password"
            value={next}
            onChange={setNext}
            isRequired
          />
          <FormEnd error={change.error} action={say("change")} isBusy={change.isPending} />
        </form>
      </Card>
    </Allowed>
  );
}
