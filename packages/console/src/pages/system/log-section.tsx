import type { OperationInput, OperationOutput } from "@llm-platform/client";
import { useState } from "react";
import { Button } from "../../components/button.tsx";
import { Card } from "../../components/card.tsx";
import { FactList } from "../../components/fact-list.tsx";
import { SelectField, TextField } from "../../components/field.tsx";
import { ErrorState, Skeleton } from "../../components/notice.tsx";
import { Time } from "../../components/time.tsx";
import { useToasts } from "../../components/toast.tsx";
import { useChange, useOperation } from "../../query/use-operation.ts";
import { Allowed } from "../../session/allowed.tsx";
import { useText } from "../../text/use-text.ts";
import { systemMessages } from "./messages.ts";
import styles from "./system.module.css";

type Levels = OperationOutput<"system.log_levels.get">;
type Override = OperationInput<"system.log_levels.set">["levels"][number];

const names = ["trace", "debug", "info", "warn", "error", "silent"] as const;
const minutes = ["15", "60", "1440", "0"] as const;
const everyPart = "*";
const minuteMs = 60_000;

/** How much is logged, and of what. */
export function LogSection() {
  const say = useText(systemMessages);
  const { data, error, refetch } = useOperation("system.log_levels.get", {});
  if (data === undefined)
    return error === null ? <Skeleton /> : <ErrorState error={error} onRetry={() => void refetch()} />;
  const { configured } = data;
  return (
    <>
      <Card title={say("configured")}>
        <FactList
          facts={[
            [say("everything"), configured.level],
            ...Object.entries(configured.levels).map(([part, level]) => [part, level] as const),
          ]}
        />
      </Card>
      <Card title={say("changed_levels")}>
        <Changed levels={data} />
        <Allowed to="system.log_levels.set">
          <LevelForm levels={data} />
        </Allowed>
        <p className={styles["hint"]}>{say("levels_hint")}</p>
      </Card>
    </>
  );
}

function Changed({ levels }: { readonly levels: Levels }) {
  const say = useText(systemMessages);
  const toasts = useToasts();
  const set = useChange("system.log_levels.set");
  if (levels.levels.length === 0) return <p>{say("no_changes")}</p>;
  return (
    <ul className={styles["list"]}>
      {levels.levels.map(({ part, level, expires_at }) => (
        <li key={part} className={styles["line"]}>
          <span>
            <strong>{part === everyPart ? say("everything") : part}</strong>: {level} · {say("until")}{" "}
            {expires_at === null ? say("minutes_0") : <Time at={expires_at} />}
          </span>
          <Allowed to="system.log_levels.set">
            <Button
              look="quiet"
              isBusy={set.isPending}
              aria-label={say("take_back_label", { part })}
              onClick={() =>
                set.mutate(
                  { levels: othersThan(part, levels) },
                  { onSuccess: () => toasts.done(say("level_taken", { part })), onError: toasts.failed },
                )
              }
            >
              {say("take_back")}
            </Button>
          </Allowed>
        </li>
      ))}
    </ul>
  );
}

function LevelForm({ levels }: { readonly levels: Levels }) {
  const say = useText(systemMessages);
  const toasts = useToasts();
  const set = useChange("system.log_levels.set");
  const [part, setPart] = useState(everyPart);
  const [level, setLevel] = useState<(typeof names)[number]>("debug");
  const [holds, setHolds] = useState<(typeof minutes)[number]>("15");
  return (
    <form
      className={styles["form"]}
      onSubmit={(event) => {
        event.preventDefault();
        const asked = { part, level, ...(holds === "0" ? {} : { minutes: Number(holds) }) };
        set.mutate(
          { levels: [...othersThan(part, levels), asked] },
          { onSuccess: () => toasts.done(say("level_set", { part, level })) },
        );
      }}
    >
      <TextField label={say("part")} hint={say("part_hint")} value={part} onChange={setPart} isRequired />
      <SelectField
        label={say("level")}
        value={level}
        options={names.map((name) => ({ value: name, label: name }))}
        onChange={setLevel}
      />
      <SelectField
        label={say("holds")}
        value={holds}
        options={minutes.map((each) => ({ value: each, label: say(`minutes_${each}`) }))}
        onChange={setHolds}
      />
      <div>
        <Button look="primary" isSubmit isBusy={set.isPending}>
          {say("set_level")}
        </Button>
      </div>
      {set.error === null ? null : <ErrorState error={set.error} />}
    </form>
  );
}

/** What else is set stays, for as long as is left of it. */
function othersThan(part: string, { levels }: Levels): Override[] {
  return levels
    .filter((each) => each.part !== part)
    .map(({ part: other, level, expires_at }) => ({
      part: other,
      level,
      ...(expires_at === null ? {} : { minutes: minutesUntil(expires_at) }),
    }));
}

function minutesUntil(time: string): number {
  return Math.max(1, Math.ceil((new Date(time).getTime() - Date.now()) / minuteMs));
}
