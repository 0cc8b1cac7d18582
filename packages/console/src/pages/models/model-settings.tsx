import type { OperationOutput } from "@llm-platform/client";
import { useState } from "react";
import { Button } from "../../components/button.tsx";
import { Actions } from "../../components/dialog.tsx";
import { ErrorState, Notice, Skeleton } from "../../components/notice.tsx";
import { type FormValue, SchemaForm } from "../../components/schema-form.tsx";
import { useToasts } from "../../components/toast.tsx";
import { useFormats } from "../../components/use-formats.ts";
import { useChange, useOperation } from "../../query/use-operation.ts";
import { useMay } from "../../session/use-session.ts";
import { useText } from "../../text/use-text.ts";
import { modelMessages } from "./messages.ts";
import styles from "./models.module.css";

type Settings = OperationOutput<"models.settings.get">;

/** How a model is run; nothing where its integration keeps no settings of single models. */
export function ModelSettings({ name }: { readonly name: string }) {
  const say = useText(modelMessages);
  const may = useMay();
  const { data, error, isLoading, refetch } = useOperation("models.settings.get", { model: name });
  if (isLoading) return <Skeleton />;
  if (error?.code === "unsupported_parameter") return null;
  if (error !== null) return <ErrorState error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return null;
  return (
    <section className={styles["settings"]} aria-label={say("settings")}>
      <h3>{say("settings")}</h3>
      <MemoryLine settings={data} />
      {may("models.settings.set") ? <SettingsForm name={name} data={data} /> : null}
    </section>
  );
}

function MemoryLine({ settings }: { readonly settings: Settings }) {
  const say = useText(modelMessages);
  const { bytes } = useFormats();
  const { memory_bytes, gpu_memory_bytes, memory_estimate, is_reload_pending } = settings;
  return (
    <>
      <p>{say("takes", { memory: bytes(memory_bytes), gpu: bytes(gpu_memory_bytes) })}</p>
      <p className={styles["soft"]}>{memory_estimate}</p>
      {is_reload_pending ? <Notice>{say("reload_pending")}</Notice> : null}
    </>
  );
}

function SettingsForm({ name, data }: { readonly name: string; readonly data: Settings }) {
  const say = useText(modelMessages);
  const toasts = useToasts();
  const [value, setValue] = useState<FormValue>(data.settings);
  const save = useChange("models.settings.set");
  const reset = useChange("models.settings.reset");
  const isSet = Object.keys(data.settings).length > 0;
  return (
    <form
      className={styles["settings"]}
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate(
          { model: name, settings: changesOf(data.settings, value) },
          { onSuccess: () => toasts.done(say("saved", { name })) },
        );
      }}
    >
      <SchemaForm
        schema={data.schema}
        value={value}
        onChange={setValue}
        problems={save.error?.problems ?? []}
        prefix="settings"
      />
      {save.error === null ? null : <ErrorState error={save.error} />}
      <Actions>
        {isSet ? (
          <Button
            isBusy={reset.isPending}
            onClick={() =>
              reset.mutate(
                { model: name },
                {
                  onSuccess: ({ settings }) => {
                    setValue(settings);
                    toasts.done(say("reset_done", { name }));
                  },
                  onError: toasts.failed,
                },
              )
            }
          >
            {say("reset")}
          </Button>
        ) : null}
        <Button look="primary" isSubmit isBusy={save.isPending}>
          {say("save")}
        </Button>
      </Actions>
    </form>
  );
}

type Json = NonNullable<Settings["settings"]>;

/** What was set, and null for what was emptied. */
function changesOf(before: Json, after: FormValue): Record<string, unknown> {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return Object.fromEntries(
    [...names]
      .filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]))
      .map((name) => [name, after[name] ?? null]),
  );
}
