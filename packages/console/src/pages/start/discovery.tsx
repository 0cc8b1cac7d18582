import { Link } from "wouter";
import { Button } from "../../components/button.tsx";
import { ErrorState } from "../../components/notice.tsx";
import { StateMark } from "../../components/state-mark.tsx";
import { useChange } from "../../query/use-operation.ts";
import { Allowed } from "../../session/allowed.tsx";
import { useText } from "../../text/use-text.ts";
import { startMessages } from "./messages.ts";
import styles from "./start.module.css";

/** Looks for servers of models on the platform's machine, when it is asked to. */
export function Discovery() {
  const say = useText(startMessages);
  const { mutate, data, error, isPending } = useChange("integrations.discover");
  return (
    <Allowed to="integrations.discover">
      <Button icon="search" isBusy={isPending} onClick={() => mutate({})}>
        {say("discover")}
      </Button>
      {error === null ? null : <ErrorState error={error} />}
      {data?.found.length === 0 ? <p className={styles["soft"]}>{say("discover_none")}</p> : null}
      {data === undefined || data.found.length === 0 ? null : (
        <ul className={styles["list"]}>
          {data.found.map(({ label, address, models, integration }) => (
            <li key={address} className={styles["row"]}>
              <strong>{label}</strong>
              <code>{address}</code>
              {models === null ? null : <span>{say("models", { count: models })}</span>}
              {integration === null ? (
                <Link href="/integrations">{say("connect")}</Link>
              ) : (
                <StateMark tone="good">{say("connected")}</StateMark>
              )}
            </li>
          ))}
        </ul>
      )}
    </Allowed>
  );
}
