import { useState } from "react";
import { Button } from "../../components/button.tsx";
import { Card } from "../../components/card.tsx";
import { ConfirmDialog, Dialog } from "../../components/dialog.tsx";
import { EmptyState, ErrorState, Skeleton } from "../../components/notice.tsx";
import { useToasts } from "../../components/toast.tsx";
import { useChange, useOperation } from "../../query/use-operation.ts";
import { Allowed } from "../../session/allowed.tsx";
import { useText } from "../../text/use-text.ts";
import { BudgetLine } from "./budget-line.tsx";
import { BudgetForm } from "./budget-form.tsx";
import type { Budget } from "./forecast.ts";
import { usageMessages } from "./messages.ts";
import styles from "./usage.module.css";

type Open = { readonly what: "new" } | { readonly what: "edit" | "delete"; readonly budget: Budget };
const refreshMs = 30_000;

/** Every budget with what is spent of it and where it is heading. */
export function Budgets() {
  const say = useText(usageMessages);
  const { data, error, refetch } = useOperation("budgets.list", {}, { refreshMs });
  const [open, setOpen] = useState<Open>();
  const close = () => setOpen(undefined);
  const create = (
    <Allowed to="budgets.create">
      <Button icon="plus" onClick={() => setOpen({ what: "new" })}>
        {say("new_budget")}
      </Button>
    </Allowed>
  );
  return (
    <Card title={say("budgets")} actions={create}>
      {data === undefined && error === null ? <Skeleton /> : null}
      {data === undefined && error !== null ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : null}
      {data?.budgets.length === 0 ? (
        <EmptyState icon="coins" title={say("no_budget_title")} text={say("no_budget_text")} />
      ) : null}
      <ul className={styles["budgets"]}>
        {data?.budgets.map((budget) => (
          <BudgetLine
            key={budget.id}
            budget={budget}
            onEdit={() => setOpen({ what: "edit", budget })}
            onDelete={() => setOpen({ what: "delete", budget })}
          />
        ))}
      </ul>
      {open?.what === "new" ? (
        <Dialog title={say("new_budget")} onClose={close}>
          <BudgetForm onDone={close} />
        </Dialog>
      ) : null}
      {open?.what === "edit" ? (
        <Dialog title={say("edit_budget", { name: open.budget.name })} onClose={close}>
          <BudgetForm budget={open.budget} onDone={close} />
        </Dialog>
      ) : null}
      {open?.what === "delete" ? <DeleteBudget budget={open.budget} onClose={close} /> : null}
    </Card>
  );
}

function DeleteBudget({ budget, onClose }: { readonly budget: Budget; onClose(): void }) {
  const say = useText(usageMessages);
  const toasts = useToasts();
  const remove = useChange("budgets.delete");
  return (
    <ConfirmDialog
      title={say("delete_budget", { name: budget.name })}
      text={say("delete_text")}
      action={say("delete")}
      isBusy={remove.isPending}
      onClose={onClose}
      onConfirm={() =>
        remove.mutate(
          { id: budget.id },
          {
            onSuccess: () => toasts.done(say("deleted", { name: budget.name })),
            onError: toasts.failed,
            onSettled: onClose,
          },
        )
      }
    />
  );
}
