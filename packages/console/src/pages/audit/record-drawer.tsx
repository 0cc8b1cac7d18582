import { Dialog } from "../../components/dialog.tsx";
import { StateMark } from "../../components/state-mark.tsx";
import { Time } from "../../components/time.tsx";
import { useText } from "../../text/use-text.ts";
import styles from "./audit.module.css";
import { type AuditRecord, compareFields, outcomeTones } from "./audit-record.ts";
import { auditMessages } from "./messages.ts";

/** Everything that is known of one record. */
export function RecordDrawer({ record, onClose }: { readonly record: AuditRecord; onClose(): void }) {
  const say = useText(auditMessages);
  const { actor, target, outcome, error_code, address, request_id, sequence, hash, time } = record;
  return (
    <Dialog title={record.operation} look="drawer" onClose={onClose}>
      <p>
        <StateMark tone={outcomeTones[outcome]}>{say(`outcome_${outcome}`)}</StateMark>
      </p>
      <dl className={styles["facts"]}>
        <dt>{say("who")}</dt>
        <dd>
          {actor.name} ({actor.kind})
        </dd>
        <dt>{say("on")}</dt>
        <dd>
          {target === null
            ? say("nothing")
            : [target.type, target.name, target.id].filter(Boolean).join(" · ")}
        </dd>
        <dt>{say("when")}</dt>
        <dd>
          <Time at={time} />
        </dd>
        <dt>{say("address")}</dt>
        <dd>{address ?? say("nothing")}</dd>
        {error_code === null ? null : (
          <>
            <dt>{say("error")}</dt>
            <dd>
              <code>{error_code}</code>
            </dd>
          </>
        )}
        <dt>{say("request")}</dt>
        <dd>
          <code>{request_id}</code>
        </dd>
        <dt>{say("place")}</dt>
        <dd>
          {sequence} · <code>{hash}</code>
        </dd>
      </dl>
      <Changes record={record} />
    </Dialog>
  );
}

function Changes({ record }: { readonly record: AuditRecord }) {
  const say = useText(auditMessages);
  const fields = compareFields(record.before, record.after);
  if (fields.length === 0) return <p>{say("no_change")}</p>;
  return (
    <div className={styles["changes"]} tabIndex={0} role="group" aria-label={say("changes")}>
      <table>
        <thead>
          <tr>
            <th scope="col">{say("field")}</th>
            <th scope="col">{say("before")}</th>
            <th scope="col">{say("after")}</th>
          </tr>
        </thead>
        <tbody>
          {fields.map(({ field, before, after, isChanged }) => (
            <tr key={field} data-changed={isChanged}>
              <th scope="row">{field === "" ? say("value") : field}</th>
              <td>{before}</td>
              <td>{after}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
