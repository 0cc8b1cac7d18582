import type { OperationOutput } from "@llm-platform/client";
import { Card } from "../../components/card.tsx";
import { useNow } from "../../components/time.tsx";
import { useFormats } from "../../components/use-formats.ts";
import { useOperation } from "../../query/use-operation.ts";
import { Allowed } from "../../session/allowed.tsx";
import { useText } from "../../text/use-text.ts";
import styles from "./home.module.css";
import { homeMessages } from "./messages.ts";

type Budget = OperationOutput<"budgets.list">["budgets"][number];

const refreshMs = 30_000;
const hourMs = 3_600_000;
const mostBudgets = 5;

/** What today cost, and how far the budgets are used. */
export function Spend() {
  const say = useText(homeMessages);
  const formats = useFormats();
  // Days of bills are days of UTC.
  const today = new Date(useNow(hourMs)).toISOString().slice(0, 10);
  const { data } = useOperation("usage.sum", { from: `${today}T00:00:00Z`, bucket: "none" }, { refreshMs });
  const costs = data?.usage.flatMap((row) => row.costs) ?? [];
  return (
    <Card title={say("spend")}>
      <div className={styles["spend"]}>
        {costs.length === 0 ? <p>{say("no_spend")}</p> : null}
        {costs.map(({ currency, cost_micros }) => (
          <p key={currency} className={styles["sum"]}>
            {formats.money(cost_micros, currency)} <small>{say("today")}</small>
          </p>
        ))}
        <Allowed to="budgets.list">
          <Budgets />
        </Allowed>
      </div>
    </Card>
  );
}

function Budgets() {
  const say = useText(homeMessages);
  const { data } = useOperation("budgets.list", {}, { refreshMs });
  if (data === undefined) return null;
  if (data.budgets.length === 0) return <p>{say("unlimited")}</p>;
  const mostUsed = data.budgets.toSorted((one, other) => usedOf(other) - usedOf(one)).slice(0, mostBudgets);
  return (
    <ul className={styles["spend"]}>
      {mostUsed.map((budget) => (
        <BudgetBar key={budget.id} budget={budget} />
      ))}
    </ul>
  );
}

function BudgetBar({ budget }: { readonly budget: Budget }) {
  const say = useText(homeMessages);
  const formats = useFormats();
  const { name, currency, amount_micros, spent_micros, period } = budget;
  const used = usedOf(budget);
  const tone = used >= 1 ? "bad" : used >= 0.8 ? "warn" : "good";
  const gaps = {
    spent: formats.money(spent_micros, currency),
    amount: formats.money(amount_micros, currency),
  };
  return (
    <li className={styles["budget"]} data-tone={tone}>
      <p>
        <strong>{name}</strong>
        <span>
          {say("of_budget", gaps)} {say(`per_${period}`)} · {formats.ratio(used)}
        </span>
      </p>
      <progress aria-label={name} value={Math.min(1, used)} max={1} />
    </li>
  );
}

function usedOf({ amount_micros, spent_micros, reserved_micros }: Budget): number {
  return amount_micros === 0 ? 1 : (spent_micros + reserved_micros) / amount_micros;
}
