import type { OperationInput } from "@llm-platform/client";
import { useState } from "react";
import { SelectField, TextField } from "../../components/field.tsx";
import { FormEnd } from "../../components/form-end.tsx";
import { useToasts } from "../../components/toast.tsx";
import { useChange } from "../../query/use-operation.ts";
import { useText } from "../../text/use-text.ts";
import type { Budget } from "./forecast.ts";
import { usageMessages } from "./messages.ts";
import { SubjectField } from "./subject-field.tsx";
import styles from "./usage.module.css";

const scopes = ["global", "team", "user", "key", "integration"] as const;
const periods = ["day", "week", "month", "total"] as const;
const actions = ["block", "warn"] as const;
const microsOfUnit = 1_000_000;

interface Draft {
  readonly name: string;
  readonly scope: Budget["scope"];
  readonly subject: string;
  readonly period: Budget["period"];
  readonly currency: string;
  /** In units of the currency, as it was typed. */
  readonly amount: string;
  readonly warnAt: string;
  readonly action: Budget["action"];
}

const nothingYet: Draft = {
  name: "",
  scope: "global",
  subject: "",
  period: "month",
  currency: "USD",
  amount: "",
  warnAt: "80, 100",
  action: "block",
};

/** Makes a budget, or changes one: then its scope, period and currency stay as they are. */
export function BudgetForm({ budget, onDone }: { readonly budget?: Budget; onDone(): void }) {
  const say = useText(usageMessages);
  const toasts = useToasts();
  const create = useChange("budgets.create");
  const update = useChange("budgets.update");
  const [draft, setDraft] = useState(budget === undefined ? nothingYet : toDraft(budget));
  const set = (part: Partial<Draft>) => setDraft({ ...draft, ...part });
  const { error, isPending } = budget === undefined ? create : update;
  const problemOf = (field: string) => error?.problems.find((problem) => problem.field === field)?.message;
  const told = {
    onSuccess() {
      toasts.done(say("saved", { name: draft.name }));
      onDone();
    },
  };
  return (
    <form
      className={styles["form"]}
      onSubmit={(event) => {
        event.preventDefault();
        if (budget === undefined) create.mutate(toNew(draft), told);
        else update.mutate({ id: budget.id, ...toChange(draft) }, told);
      }}
    >
      <TextField
        label={say("name")}
        value={draft.name}
        onChange={(name) => set({ name })}
        problem={problemOf("name")}
        isRequired
        hasFocus
      />
      {budget === undefined ? <Reach draft={draft} onChange={set} problemOf={problemOf} /> : null}
      <TextField
        label={say("amount_in", { currency: draft.currency })}
        type="number"
        value={draft.amount}
        onChange={(amount) => set({ amount })}
        problem={problemOf("amount_micros")}
        isRequired
      />
      <TextField
        label={say("warn_at")}
        hint={say("warn_at_hint")}
        value={draft.warnAt}
        onChange={(warnAt) => set({ warnAt })}
        problem={problemOf("warn_at_percents")}
      />
      <SelectField
        label={say("action")}
        value={draft.action}
        options={actions.map((value) => ({ value, label: say(`action_${value}`) }))}
        onChange={(action) => set({ action })}
      />
      <FormEnd error={error} action={say("save")} isBusy={isPending} onCancel={onDone} />
    </form>
  );
}

interface ReachProps {
  readonly draft: Draft;
  onChange(part: Partial<Draft>): void;
  problemOf(field: string): string | undefined;
}

/** What a budget is for; it stays so. */
function Reach({ draft, onChange, problemOf }: ReachProps) {
  const say = useText(usageMessages);
  return (
    <>
      <SelectField
        label={say("scope")}
        value={draft.scope}
        options={scopes.map((value) => ({ value, label: say(`scope_${value}`) }))}
        onChange={(scope) => onChange({ scope, subject: "" })}
      />
      {draft.scope === "global" ? null : (
        <SubjectField
          scope={draft.scope}
          value={draft.subject}
          onChange={(subject) => onChange({ subject })}
          problem={problemOf("subject")}
        />
      )}
      <SelectField
        label={say("period")}
        value={draft.period}
        options={periods.map((value) => ({ value, label: say(`period_${value}`) }))}
        onChange={(period) => onChange({ period })}
      />
      <TextField
        label={say("currency")}
        value={draft.currency}
        onChange={(currency) => onChange({ currency: currency.toUpperCase() })}
        problem={problemOf("currency")}
        isRequired
      />
    </>
  );
}

function toDraft(budget: Budget): Draft {
  return {
    name: budget.name,
    scope: budget.scope,
    subject: budget.subject ?? "",
    period: budget.period,
    currency: budget.currency,
    amount: String(budget.amount_micros / microsOfUnit),
    warnAt: budget.warn_at_percents.join(", "),
    action: budget.action,
  };
}

function toChange({ name, amount, warnAt, action }: Draft) {
  const percents = warnAt.split(",").filter((text) => text.trim() !== "");
  return {
    name,
    amount_micros: Math.round(Number(amount) * microsOfUnit),
    warn_at_percents: percents.map(Number),
    action,
  };
}

function toNew(draft: Draft): OperationInput<"budgets.create"> {
  const { scope, subject, period, currency } = draft;
  return { ...toChange(draft), scope, period, currency, ...(scope === "global" ? {} : { subject }) };
}
