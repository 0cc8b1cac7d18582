import { useState } from "react";
import { FactList } from "../../components/fact-list.tsx";
import { CheckField } from "../../components/field.tsx";
import { ErrorState, Notice, Skeleton } from "../../components/notice.tsx";
import { StateMark } from "../../components/state-mark.tsx";
import { useOperation } from "../../query/use-operation.ts";
import { useText } from "../../text/use-text.ts";
import { peopleMessages } from "./messages.ts";
import styles from "./people.module.css";
import { type User, useLimits } from "./use-people.ts";

/** What one user may do now, each permission with the role that gives it, and the limits that hold. */
export function UserAccess({ of: { id, name } }: { readonly of: User }) {
  const say = useText(peopleMessages);
  const limitsOf = useLimits();
  const [isAll, setIsAll] = useState(false);
  const { data, error, refetch } = useOperation("users.access", { id });
  if (data === undefined)
    return error === null ? <Skeleton /> : <ErrorState error={error} onRetry={() => void refetch()} />;
  const shown = data.permissions.filter((each) => isAll || each.role !== null);
  return (
    <section className={styles["part"]} aria-label={say("access", { name })}>
      <h3>{say("access", { name })}</h3>
      {data.reason === "allowed" ? null : (
        <Notice tone="warn">{say(data.reason, { role: data.role.name })}</Notice>
      )}
      <p className={styles["hint"]}>{say("access_text")}</p>
      <ul className={styles["permissions"]} tabIndex={0} aria-label={say("permissions")}>
        {shown.map((each) => (
          <li key={each.name}>
            <code>{each.name}</code>
            <StateMark tone={each.is_allowed ? "good" : "none"}>
              {each.role === null ? say("not_allowed") : say("by_role", { role: each.role })}
            </StateMark>
            <span className={styles["hint"]}>{each.summary}</span>
          </li>
        ))}
      </ul>
      <CheckField label={say("show_denied")} isChecked={isAll} onChange={setIsAll} />
      <h3>{say("held_limits")}</h3>
      {data.limits.length === 0 ? <p>{say("no_limit_holds")}</p> : null}
      <FactList
        facts={[
          ...data.limits.map(
            (limit) => [say(limit.scope === "team" ? "scope_team" : "scope_user"), limitsOf(limit)] as const,
          ),
          [say("has_password"), say(data.has_password ? "yes" : "no")],
        ]}
      />
    </section>
  );
}
