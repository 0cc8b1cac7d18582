import type { OperationOutput } from "@llm-platform/client";
import { Link } from "wouter";
import { useChange, useOperation } from "../query/use-operation.ts";
import { Allowed } from "../session/allowed.tsx";
import { useText } from "../text/use-text.ts";
import { Button } from "./button.tsx";
import { componentMessages } from "./messages.ts";
import { EmptyState, ErrorState, Skeleton } from "./notice.tsx";
import styles from "./repair-list.module.css";
import { StateMark, type Tone } from "./state-mark.tsx";
import { useToasts } from "./toast.tsx";

export type Repair = OperationOutput<"system.repairs">["repairs"][number];

const tones: Readonly<Record<Repair["severity"], Tone>> = { critical: "bad", error: "bad", warning: "warn" };
const refreshMs = 30_000;

/** What somebody should look at, asked for now and then: much of it is told by no event. */
export function useRepairs() {
  return useOperation("system.repairs", {}, { refreshMs });
}

/** Repairs, each with what mends it. @param about the name of an integration, for those of it alone */
export function RepairList({ about }: { readonly about?: string }) {
  const say = useText(componentMessages);
  const { data, error, refetch } = useRepairs();
  if (error !== null && data === undefined)
    return <ErrorState error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <Skeleton />;
  const repairs = data.repairs.filter(({ subject }) => about === undefined || subject.name === about);
  if (repairs.length === 0)
    return <EmptyState icon="check" title={say("nothing_to_repair")} text={say("nothing_to_repair_text")} />;
  return (
    <ul className={styles["list"]}>
      {repairs.map((repair) => (
        <li key={repair.id} className={styles["item"]}>
          <StateMark tone={tones[repair.severity]}>{say(repair.severity)}</StateMark>
          <p>{repair.sentence}</p>
          <div className={styles["actions"]}>
            <FixButton repair={repair} />
            {repair.page === null || about !== undefined ? null : (
              <Link href={repair.page}>{say("look")}</Link>
            )}
            {repair.learn_more === null ? null : (
              <a href={repair.learn_more} target="_blank" rel="noreferrer">
                {say("learn_more")}
              </a>
            )}
          </div>
        </li>
      ))}
    </ul>
  );
}

/** The console knows the one operation that mends by itself; others are reached by their pages. */
function FixButton({ repair: { fix } }: { readonly repair: Repair }) {
  const say = useText(componentMessages);
  const toasts = useToasts();
  const restart = useChange("integrations.restart");
  const name = fix?.input["name"];
  if (fix?.operation !== "integrations.restart" || name === undefined) return null;
  return (
    <Allowed to="integrations.restart">
      <Button
        icon="refresh"
        isBusy={restart.isPending}
        onClick={() =>
          restart.mutate(
            { name },
            {
              onSuccess: () => toasts.done(say("restarted", { name })),
              onError: (error) => toasts.failed(error),
            },
          )
        }
      >
        {say("restart")}
      </Button>
    </Allowed>
  );
}
