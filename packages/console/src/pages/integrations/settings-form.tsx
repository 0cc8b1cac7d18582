import type { OperationOutput } from "@llm-platform/client";
import { useState } from "react";
import { Button } from "../../components/button.tsx";
import { Actions } from "../../components/dialog.tsx";
import type { FieldSchema } from "../../components/json-schema.ts";
import { ErrorState, Skeleton } from "../../components/notice.tsx";
import { type FormValue, SchemaForm } from "../../components/schema-form.tsx";
import { useToasts } from "../../components/toast.tsx";
import { useChange, useOperation } from "../../query/use-operation.ts";
import { Allowed } from "../../session/allowed.tsx";
import { useText } from "../../text/use-text.ts";
import styles from "./integrations.module.css";
import { integrationMessages } from "./messages.ts";
import { Verdict } from "./verdict.tsx";

/** How the server shows a secret, and is told that it stays. */
const secretMark = "[secret]";

type Settings = OperationOutput<"integrations.settings">;

/** The settings of an integration: drawn from their schema, tested before they are saved. */
export function SettingsForm({ name }: { readonly name: string }) {
  const { data, error, refetch } = useOperation("integrations.settings", { name });
  if (error !== null && data === undefined)
    return <ErrorState error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <Skeleton lines={6} />;
  return <LoadedForm name={name} loaded={data} />;
}

function LoadedForm({ name, loaded }: { readonly name: string; readonly loaded: Settings }) {
  const say = useText(integrationMessages);
  const toasts = useToasts();
  const test = useChange("integrations.test");
  const save = useChange("integrations.configure");
  const secrets = Object.keys(loaded.settings).filter((key) => loaded.settings[key] === secretMark);
  const [value, setValue] = useState<FormValue>(() => withoutSecrets(loaded.settings));
  // A JSON Schema, as the server's definition has it.
  const schema = loaded.schema as FieldSchema;
  if (Object.keys(schema.properties ?? {}).length === 0) return <p>{say("no_settings")}</p>;
  const settings = withSecrets(value, secrets);
  const error = save.error ?? test.error;
  return (
    <form
      className={styles["form"]}
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate({ name, settings }, { onSuccess: () => toasts.done(say("saved", { name })) });
      }}
    >
      <p>{say("settings_text")}</p>
      {loaded.origin === "added" ? null : (
        <Allowed to="integrations.delete">
          <p>{say("from_file")}</p>
        </Allowed>
      )}
      <SchemaForm
        schema={schema}
        value={value}
        onChange={(next) => {
          setValue(next);
          test.reset();
          save.reset();
        }}
        problems={error?.problems ?? []}
        prefix="settings"
        keptSecrets={secrets}
      />
      {error === null ? null : <ErrorState error={error} />}
      {test.data === undefined ? null : <Verdict trial={test.data} />}
      <Allowed to="integrations.configure">
        <Actions>
          <Button icon="bolt" isBusy={test.isPending} onClick={() => test.mutate({ name, settings })}>
            {say("test")}
          </Button>
          <Button look="primary" isSubmit isBusy={save.isPending}>
            {say("save")}
          </Button>
        </Actions>
      </Allowed>
    </form>
  );
}

function withoutSecrets(settings: FormValue): FormValue {
  return Object.fromEntries(
    Object.entries(settings).filter(([, value]) => value !== secretMark && value !== null),
  );
}

/** Secrets that nobody typed anew are sent back as they were shown, which keeps them. */
function withSecrets(value: FormValue, secrets: readonly string[]): FormValue {
  const kept = secrets.filter((name) => value[name] === undefined).map((name) => [name, secretMark]);
  const typed = Object.entries(value).filter(([, each]) => each !== undefined);
  return Object.fromEntries([...typed, ...kept]);
}
