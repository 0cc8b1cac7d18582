import { Button } from "../../components/button.tsx";
import { StateMark, type Tone } from "../../components/state-mark.tsx";
import { Time, useNow } from "../../components/time.tsx";
import { useFormats } from "../../components/use-formats.ts";
import { Allowed } from "../../session/allowed.tsx";
import { useText } from "../../text/use-text.ts";
import { BudgetPlot } from "./budget-plot.tsx";
import { type Budget, forecastMicros, usedPart } from "./forecast.ts";
import { usageMessages } from "./messages.ts";
import styles from "./usage.module.css";

const minuteMs = 60_000;

interface BudgetLineProps {
  readonly budget: Budget;
  onEdit(): void;
  onDelete(): void;
}

export function BudgetLine({ budget, onEdit, onDelete }: BudgetLineProps) {
  const say = useText(usageMessages);
  const formats = useFormats();
  const nowMs = useNow(minuteMs);
  const { name, currency, amount_micros, spent_micros, assumed_micros, reserved_micros, remaining_micros } =
    budget;
  const used = usedPart(budget);
  const forecast = forecastMicros(budget, nowMs);
  const money = (micros: number) => formats.money(micros, currency);
  return (
    <li className={styles["budget"]} data-tone={toneOf(used)}>
      <div className={styles["budgetHead"]}>
        <h3>{name}</h3>
        <StateMark tone={toneOf(used)}>{formats.ratio(used)}</StateMark>
        <span>
          {say(`scope_${budget.scope}`)} {budget.subject} · {say(`period_${budget.period}`)} ·{" "}
          {say(`action_${budget.action}`)}
        </span>
        <div className={styles["budgetActions"]}>
          <Allowed to="budgets.update">
            <Button look="quiet" aria-label={say("edit_budget", { name })} onClick={onEdit}>
              {say("edit")}
            </Button>
          </Allowed>
          <Allowed to="budgets.delete">
            <Button look="quiet" aria-label={say("delete_budget", { name })} onClick={onDelete}>
              {say("delete")}
            </Button>
          </Allowed>
        </div>
      </div>
      <progress aria-label={name} value={Math.min(1, used)} max={1} />
      <p className={styles["facts"]}>
        <span>{say("spent_of", { spent: money(spent_micros), amount: money(amount_micros) })}</span>
        <span>{say("left", { amount: money(remaining_micros) })}</span>
        {reserved_micros === 0 ? null : <span>{say("reserved", { amount: money(reserved_micros) })}</span>}
        {assumed_micros === 0 ? null : <span>{say("assumed", { amount: money(assumed_micros) })}</span>}
        {budget.period_end === null ? null : (
          <span>
            {say("ends")} <Time at={budget.period_end} />
          </span>
        )}
      </p>
      {forecast === undefined ? null : (
        <p className={styles["facts"]}>
          {say("forecast", { amount: money(forecast) })}{" "}
          {forecast > amount_micros ? (
            <StateMark tone="warn">{say("too_much", { amount: money(forecast - amount_micros) })}</StateMark>
          ) : (
            <StateMark tone="good">{say("enough")}</StateMark>
          )}
        </p>
      )}
      {budget.scope === "global" ? <BudgetPlot budget={budget} forecast={forecast} /> : null}
    </li>
  );
}

function toneOf(used: number): Tone {
  return used >= 1 ? "bad" : used >= 0.8 ? "warn" : "good";
}
