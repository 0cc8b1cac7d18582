import { Button } from "../../components/button.tsx";
import { ErrorState } from "../../components/notice.tsx";
import { StateMark } from "../../components/state-mark.tsx";
import { useChange } from "../../query/use-operation.ts";
import { Allowed } from "../../session/allowed.tsx";
import { useText } from "../../text/use-text.ts";
import { useToasts } from "../../components/toast.tsx";
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
          {data.found.map(({ label, use, address, models, settings, integration }) => (
            <li key={address} className={styles["row"]}>
              <strong>{label}</strong>
              <code>{address}</code>
              {models === null ? null : <span>{say("models", { count: models })}</span>}
              {integration === null ? (
                <AddButton
                  name={`${use}-${new URL(address).port}`}
                  use={use}
                  settings={settings}
                  onAdded={() => mutate({})}
                />
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

interface AddButtonProps {
  readonly name: string;
  readonly use: string;
  readonly settings: Readonly<Record<string, string>>;
  onAdded(): void;
}

/** What was found has answered already, so it is added without a test. */
function AddButton({ onAdded, ...integration }: AddButtonProps) {
  const say = useText(startMessages);
  const toasts = useToasts();
  const add = useChange("integrations.create");
  return (
    <Allowed to="integrations.create">
      <Button
        icon="plus"
        isBusy={add.isPending}
        aria-label={say("connect_named", { name: integration.name })}
        onClick={() => add.mutate(integration, { onSuccess: onAdded, onError: toasts.failed })}
      >
        {say("connect")}
      </Button>
    </Allowed>
  );
}
