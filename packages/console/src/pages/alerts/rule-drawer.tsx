import { CopyButton } from "../../components/copy-button.tsx";
import { Dialog } from "../../components/dialog.tsx";
import { StateMark } from "../../components/state-mark.tsx";
import { useText } from "../../text/use-text.ts";
import { type Rule, severityTone, stateTones } from "./looks.ts";
import { alertMessages } from "./messages.ts";
import styles from "./alerts.module.css";

/** Everything about one rule. */
export function RuleDrawer({ rule, onClose }: { readonly rule: Rule; onClose(): void }) {
  const say = useText(alertMessages);
  return (
    <Dialog title={rule.name} look="drawer" onClose={onClose}>
      <div className={styles["form"]}>
        <div className={styles["head"]}>
          <StateMark tone={stateTones[rule.state]}>{say(`state_${rule.state}`)}</StateMark>
          <StateMark tone={severityTone(rule.severity)}>{rule.severity}</StateMark>
        </div>
        <p>{rule.description}</p>
        <dl className={styles["facts"]}>
          <dt>{say("when")}</dt>
          <dd>{rule.condition}</dd>
          <dt>{say("judged_by")}</dt>
          <dd>{say(`judged_by_${rule.judged_by}`)}</dd>
          <dt>{say("group")}</dt>
          <dd>
            <code>{rule.group}</code>
          </dd>
          <dt>{say("expression")}</dt>
          <dd>
            <pre className={styles["expression"]} tabIndex={0}>
              {rule.expression}
            </pre>
            <CopyButton text={rule.expression} label={say("copy_expression")} />
          </dd>
        </dl>
        <a href={rule.runbook_url} target="_blank" rel="noreferrer">
          {say("runbook")}
        </a>
      </div>
    </Dialog>
  );
}
