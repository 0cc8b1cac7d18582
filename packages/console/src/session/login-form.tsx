import { ClientError, type PageState } from "@llm-platform/client";
import { type FormEvent, type ReactNode, useState } from "react";
import { Button } from "../components/button.tsx";
import { TextField } from "../components/field.tsx";
import { Notice } from "../components/notice.tsx";
import { useText } from "../text/use-text.ts";
import styles from "./login-page.module.css";
import { sessionMessages } from "./messages.ts";
import { useSession } from "./use-session.ts";

type Way = "password" | "key";

/** Every way in that the server has: name and password, a key, or an identity provider. */
export function LoginForm({
  wayIn,
  name: known = "",
}: {
  readonly wayIn: PageState;
  readonly name?: string;
}) {
  const say = useText(sessionMessages);
  const session = useSession();
  const [way, setWay] = useState<Way>("password");
  const [name, setName] = useState(known);
  const [password, setPassword] = useState("");
  const [key, setKey] = useState("");
  const submit = useSubmit(() =>
    way === "password" ? session.logIn(name, password) : session.useKey(key.trim()),
  );
  return (
    <div className={styles["form"]}>
      <div className={styles["tabs"]}>
        <WayTab isChosen={way === "password"} onChoose={() => setWay("password")}>
          {say("with_password")}
        </WayTab>
        <WayTab isChosen={way === "key"} onChoose={() => setWay("key")}>
          {say("with_key")}
        </WayTab>
      </div>
      <form className={styles["form"]} onSubmit={submit.onSubmit}>
        {way === "password" ? (
          <>
            <TextField
              label={say("name")}
              value={name}
              onChange={setName}
              autoComplete="username"
              isRequired
              hasFocus={known === ""}
            />
            <TextField
              label={say("password")}
              type="password"
              value={password}
              onChange={setPassword}
              autoComplete="current-password"
              isRequired
              hasFocus={known !== ""}
            />
          </>
        ) : (
          <TextField
            label={say("key")}
            hint={say("key_hint")}
            type="password"
            value={key}
            onChange={setKey}
            isRequired
            hasFocus
          />
        )}
        <Problem error={submit.error} />
        <Button look="primary" isSubmit isBusy={submit.isBusy}>
          {say("log_in")}
        </Button>
      </form>
      <Providers names={wayIn.providers} />
    </div>
  );
}

function WayTab(props: { readonly isChosen: boolean; onChoose(): void; readonly children: ReactNode }) {
  return (
    <button type="button" className={styles["tab"]} aria-pressed={props.isChosen} onClick={props.onChoose}>
      {props.children}
    </button>
  );
}

function Providers({ names }: { readonly names: readonly string[] }) {
  const say = useText(sessionMessages);
  if (names.length === 0) return null;
  return (
    <>
      <p className={styles["or"]}>{say("or")}</p>
      <div className={styles["providers"]}>
        {names.map((name) => (
          <a
            key={name}
            className={styles["provider"]}
            href={`/api/v1/auth/oidc/${encodeURIComponent(name)}/start`}
          >
            {say("with_provider", { name })}
          </a>
        ))}
      </div>
    </>
  );
}

/** What the server said against it. */
export function Problem({ error }: { readonly error: Error | undefined }) {
  return error === undefined ? null : <Notice tone="bad">{error.message}</Notice>;
}

/** Sends a form, and keeps what came of it. */
export function useSubmit(action: () => Promise<void>) {
  const [isBusy, setIsBusy] = useState(false);
  const [error, setError] = useState<Error>();
  async function send(): Promise<void> {
    setIsBusy(true);
    setError(undefined);
    try {
      await action();
    } catch (thrown) {
      if (!(thrown instanceof ClientError)) throw thrown;
      setError(thrown);
    } finally {
      setIsBusy(false);
    }
  }
  return {
    isBusy,
    error,
    onSubmit(event: FormEvent) {
      event.preventDefault();
      void send();
    },
  };
}
