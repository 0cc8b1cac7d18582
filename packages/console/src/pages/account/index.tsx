import { Card } from "../../components/card.tsx";
import { Grid, PageFrame } from "../../components/page.tsx";
import { StateMark } from "../../components/state-mark.tsx";
import { useCaller } from "../../session/use-session.ts";
import { useText } from "../../text/use-text.ts";
import styles from "./account.module.css";
import { LimitTable } from "./limit-table.tsx";
import { accountMessages } from "./messages.ts";
import { PasswordForm } from "./password-form.tsx";

/** One's own account. It is small, and has a part of every kind: copy it to begin another page. */
export function Page() {
  const say = useText(accountMessages);
  const caller = useCaller();
  const isPerson = caller.kind === "token";
  return (
    <PageFrame title={say("title")} lead={say("lead")}>
      <Grid look="wide">
        <Card title={say("you")}>
          <dl className={styles["facts"]}>
            <dt>{say("name")}</dt>
            <dd>{caller.name}</dd>
            <dt>{say("role")}</dt>
            <dd>{caller.role ?? say("none")}</dd>
            <dt>{say("team")}</dt>
            <dd>{caller.team?.name ?? say("none")}</dd>
          </dl>
        </Card>
        {isPerson ? <PasswordForm /> : null}
      </Grid>
      <Card title={say("limits")}>
        <LimitTable limits={caller.limits} />
      </Card>
      <Card title={say("permissions")}>
        <ul className={styles["permissions"]}>
          {caller.permissions.map((permission) => (
            <li key={permission}>
              <StateMark tone="none" icon="check">
                {permission}
              </StateMark>
            </li>
          ))}
        </ul>
      </Card>
    </PageFrame>
  );
}
