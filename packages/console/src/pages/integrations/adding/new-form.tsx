import { useState } from "react";
import { useLocation } from "wouter";
import { Button } from "../../../components/button.tsx";
import { Actions } from "../../../components/dialog.tsx";
import { TextField } from "../../../components/field.tsx";
import type { FieldSchema } from "../../../components/json-schema.ts";
import { ErrorState, Notice } from "../../../components/notice.tsx";
import { type FormValue, SchemaForm } from "../../../components/schema-form.tsx";
import { useToasts } from "../../../components/toast.tsx";
import { useChange } from "../../../query/use-operation.ts";
import { useText } from "../../../text/use-text.ts";
import styles from "../integrations.module.css";
import { integrationMessages } from "../messages.ts";
import { Verdict } from "../verdict.tsx";
import type { Choice } from "./choose-kind.tsx";

interface NewFormProps {
  readonly choice: Choice;
  /** Names that are taken. */
  readonly taken: ReadonlySet<string>;
  onBack(): void;
}

/** Name and settings of a new integration: tested first, added when it works or when somebody insists. */
export function NewForm({ choice: { kind, name: proposed, settings: known }, taken, onBack }: NewFormProps) {
  const say = useText(integrationMessages);
  const toasts = useToasts();
  const [, goTo] = useLocation();
  const test = useChange("integrations.test");
  const add = useChange("integrations.create");
  const [name, setName] = useState(() => freeName(proposed, taken));
  const [value, setValue] = useState<FormValue>(known);
  const { use } = kind;
  const settings = Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined));
  const error = add.error ?? test.error;
  const trial = test.data;
  const works = trial?.status === "ok" || trial?.status === "degraded";
  const forget = () => {
    test.reset();
    add.reset();
  };
  const save = () =>
    add.mutate(
      { name, use, settings },
      {
        onSuccess: () => {
          toasts.done(say("added", { name }));
          goTo(`/integrations/${encodeURIComponent(name)}`);
        },
      },
    );
  return (
    <form
      className={styles["form"]}
      onSubmit={(event) => {
        event.preventDefault();
        if (works) save();
        else test.mutate({ name, use, settings });
      }}
    >
      <p>{kind.summary}</p>
      <TextField
        label={say("name")}
        hint={say("name_hint")}
        problem={error?.problems?.find(({ field }) => field === "name")?.message}
        value={name}
        onChange={(next) => {
          setName(next);
          forget();
        }}
        isRequired
        hasFocus
      />
      <SchemaForm
        // A JSON Schema, as the server's definition has it.
        schema={kind.schema as FieldSchema}
        value={value}
        onChange={(next) => {
          setValue(next);
          forget();
        }}
        problems={error?.problems ?? []}
        prefix="settings"
      />
      {kind.dependencies.length === 0 ? null : (
        <Notice>{say("needs", { names: kind.dependencies.join(", ") })}</Notice>
      )}
      {error === null ? null : <ErrorState error={error} />}
      {trial === undefined ? null : <Verdict trial={trial} />}
      <Actions>
        <Button onClick={onBack}>{say("other_kind")}</Button>
        {trial === undefined || works ? null : (
          <Button isBusy={add.isPending} onClick={save}>
            {say("add_anyway")}
          </Button>
        )}
        <Button
          look="primary"
          isSubmit
          icon={works ? "plus" : "bolt"}
          isBusy={test.isPending || add.isPending}
        >
          {say(works ? "add" : "test")}
        </Button>
      </Actions>
    </form>
  );
}

function freeName(wanted: string, taken: ReadonlySet<string>): string {
  let name = wanted;
  for (let next = 2; taken.has(name); next++) name = `${wanted}-${next}`;
  return name;
}
