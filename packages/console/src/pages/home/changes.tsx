import { AuditTarget } from "../../components/audit-target.tsx";
import { Card } from "../../components/card.tsx";
import { EmptyState, Skeleton } from "../../components/notice.tsx";
import { StateMark } from "../../components/state-mark.tsx";
import { Time } from "../../components/time.tsx";
import { useOperation } from "../../query/use-operation.ts";
import { Allowed } from "../../session/allowed.tsx";
import { useText } from "../../text/use-text.ts";
import styles from "./home.module.css";
import { homeMessages } from "./messages.ts";

const shown = 6;
const refreshMs = 30_000;
/** They come by themselves, all the time. */
const ofItself = /^(usage\.sealed|auth\.(ticket|refresh))$/;

/** Who changed what last. */
export function Changes() {
  return (
    <Allowed to="audit.list">
      <ChangeList />
    </Allowed>
  );
}

function ChangeList() {
  const say = useText(homeMessages);
  const { data } = useOperation("audit.list", { limit: 100 }, { refreshMs });
  const records = (data?.records ?? [])
    .filter(({ operation, outcome }) => outcome !== "started" && !ofItself.test(operation))
    .slice(0, shown);
  return (
    <Card title={say("changes")}>
      {data === undefined ? <Skeleton /> : null}
      {data !== undefined && records.length === 0 ? (
        <EmptyState icon="scroll" title={say("no_changes_title")} text={say("no_changes_text")} />
      ) : null}
      <ul>
        {records.map(({ chain, sequence, operation, target, actor, time, outcome }) => (
          <li key={`${chain}${sequence}`} className={styles["change"]}>
            <span>
              <code>{operation}</code> <AuditTarget of={target} />
            </span>
            {outcome === "ok" ? (
              <span />
            ) : (
              <StateMark tone="warn">{say(outcome === "refused" ? "refused" : "failed_change")}</StateMark>
            )}
            <small>{say("by", { name: actor.name })}</small>
            <small>
              <Time at={time} look="distance" />
            </small>
          </li>
        ))}
      </ul>
    </Card>
  );
}
