import { Button } from "../../components/button.tsx";
import { Card } from "../../components/card.tsx";
import { EmptyState } from "../../components/notice.tsx";
import { StateMark } from "../../components/state-mark.tsx";
import { Time } from "../../components/time.tsx";
import { Allowed } from "../../session/allowed.tsx";
import { useText } from "../../text/use-text.ts";
import { LabelList } from "./label-list.tsx";
import { type ActiveAlert, severityTone, stateTones } from "./looks.ts";
import { alertMessages } from "./messages.ts";
import styles from "./alerts.module.css";

interface ActiveAlertsProps {
  readonly active: readonly ActiveAlert[];
  /** Undefined where nobody keeps silences. */
  readonly onSilence: ((labels: Readonly<Record<string, string>>) => void) | undefined;
}

/** What fires, and what will if it goes on. */
export function ActiveAlerts({ active, onSilence }: ActiveAlertsProps) {
  const say = useText(alertMessages);
  return (
    <Card title={say("now")} isLive>
      {active.length === 0 ? (
        <EmptyState icon="check" title={say("none_title")} text={say("none_text")} />
      ) : (
        <ul className={styles["alerts"]}>
          {active.map((each) => (
            <AlertLine
              key={JSON.stringify([each.rule.name, each.rule.severity, each.alert.labels])}
              active={each}
              onSilence={onSilence}
            />
          ))}
        </ul>
      )}
    </Card>
  );
}

function AlertLine({
  active: { rule, alert },
  onSilence,
}: {
  readonly active: ActiveAlert;
  readonly onSilence: ActiveAlertsProps["onSilence"];
}) {
  const say = useText(alertMessages);
  return (
    <li className={styles["alert"]} data-tone={stateTones[alert.state]}>
      <div className={styles["head"]}>
        <h3>{rule.name}</h3>
        <StateMark tone={stateTones[alert.state]} icon="bell">
          {say(`state_${alert.state}`)}
        </StateMark>
        <StateMark tone={severityTone(rule.severity)}>{rule.severity}</StateMark>
        <small>
          {say("since")} <Time at={alert.since} look="distance" />
        </small>
      </div>
      <p>{alert.summary}</p>
      <LabelList labels={alert.labels} />
      <div className={styles["actions"]}>
        <a href={rule.runbook_url} target="_blank" rel="noreferrer">
          {say("runbook")}
        </a>
        {onSilence === undefined ? null : (
          <Allowed to="alerts.silence">
            <Button
              look="quiet"
              icon="pause"
              aria-label={say("silence_name", { name: rule.name })}
              onClick={() => onSilence({ alertname: rule.name, ...alert.labels })}
            >
              {say("silence")}
            </Button>
          </Allowed>
        )}
      </div>
    </li>
  );
}
