import type { PageState } from "@llm-platform/client";
import { type ReactNode, useState } from "react";
import { Button } from "../components/button.tsx";
import { TextField } from "../components/field.tsx";
import { Icon } from "../components/icon.tsx";
import { useText } from "../text/use-text.ts";
import { LoginForm, Problem, useSubmit } from "./login-form.tsx";
import styles from "./login-page.module.css";
import { sessionMessages } from "./messages.ts";
import { useSession } from "./use-session.ts";

/** What stands there before somebody is in: the claim of a new server, or the ways to log in. */
export function LoginPage({ wayIn }: { readonly wayIn: PageState }) {
  const say = useText(sessionMessages);
  const [wantsLogin, setWantsLogin] = useState(false);
  if (wayIn.needs_first_admin && !wantsLogin)
    return (
      <EntryPanel title={say("claim_title")} text={say("claim_text")}>
        <ClaimForm />
        <Button look="quiet" onClick={() => setWantsLogin(true)}>
          {say("have_login")}
        </Button>
      </EntryPanel>
    );
  return (
    <EntryPanel title={say("welcome")}>
      <LoginForm wayIn={wayIn} />
    </EntryPanel>
  );
}

/** A panel that is all there is on the page. */
export function EntryPanel({
  title,
  text,
  children,
}: {
  readonly title: string;
  readonly text?: string;
  readonly children?: ReactNode;
}) {
  return (
    <main className={styles["page"]}>
      <title>{title}</title>
      <div className={styles["panel"]}>
        <div className={styles["head"]}>
          <Icon name="chart" size={30} />
          <h1>{title}</h1>
          {text === undefined ? null : <p>{text}</p>}
        </div>
        {children}
      </div>
    </main>
  );
}

function ClaimForm() {
  const say = useText(sessionMessages);
  const session = useSession();
  const [token, setToken] = useState("");
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const submit = useSubmit(() => session.claim({ token: token.trim(), name, password }));
  return (
    <form className={styles["form"]} onSubmit={submit.onSubmit}>
      <TextField
        label={say("token")}
        hint={say("token_hint")}
        type="password"
        value={token}
        onChange={setToken}
        isRequired
        hasFocus
      />
      <TextField label={say("name")} value={name} onChange={setName} autoComplete="username" isRequired />
      <TextField
        label={say("password")}
        hint={say("password_hint")}
        type="password"
        value={password}
        onChange={setPassword}
        autoComplete="new-password"
        isRequired
      />
      <Problem error={submit.error} />
      <Button look="primary" isSubmit isBusy={submit.isBusy}>
        {say("claim")}
      </Button>
    </form>
  );
}
