import { useState } from "react";
import { Button } from "../../components/button.tsx";
import { Actions, ConfirmDialog, Dialog } from "../../components/dialog.tsx";
import { ErrorState, Notice } from "../../components/notice.tsx";
import { useToasts } from "../../components/toast.tsx";
import { useFormats } from "../../components/use-formats.ts";
import { useChange, useOperation } from "../../query/use-operation.ts";
import { Allowed } from "../../session/allowed.tsx";
import { useText } from "../../text/use-text.ts";
import { modelMessages } from "./messages.ts";
import { fullName, isKept, type Model, tasksOf } from "./model-facts.ts";
import { ModelSettings } from "./model-settings.tsx";
import styles from "./models.module.css";
import { VerdictMark } from "./verdict-mark.tsx";

interface ModelDrawerProps {
  readonly model: Model;
  onClose(): void;
}

/** One model: what is known of it, what can be done to it, and how it is run. */
export function ModelDrawer({ model, onClose }: ModelDrawerProps) {
  const say = useText(modelMessages);
  return (
    <Dialog look="drawer" title={fullName(model)} onClose={onClose}>
      {model.verdict === "suspicious" || model.verdict === "refused" ? (
        <Notice tone={model.verdict === "refused" ? "bad" : "warn"}>{say(`explain_${model.verdict}`)}</Notice>
      ) : null}
      <Facts model={model} />
      {isKept(model) ? (
        <>
          <Actions>
            <LoadButton model={model} />
            <DeleteButton model={model} onDeleted={onClose} />
          </Actions>
          <ModelSettings name={fullName(model)} />
        </>
      ) : (
        <p className={styles["soft"]}>{say("elsewhere")}</p>
      )}
    </Dialog>
  );
}

function Facts({ model }: { readonly model: Model }) {
  const say = useText(modelMessages);
  const { bytes, count } = useFormats();
  const { data, error } = useOperation("models.show", { model: fullName(model) });
  const details = Object.entries(data?.details ?? {}).filter(isShort);
  return (
    <>
      <dl className={styles["facts"]}>
        <dt>{say("provider")}</dt>
        <dd>{model.provider}</dd>
        <dt>{say("task")}</dt>
        <dd>{tasksOf(model).join(", ")}</dd>
        <dt>{say("size")}</dt>
        <dd>{bytes(model.size_bytes)}</dd>
        <dt>{say("context")}</dt>
        <dd>{count(model.context_tokens)}</dd>
        <dt>{say("family")}</dt>
        <dd>{model.family ?? "–"}</dd>
        <dt>{say("quantization")}</dt>
        <dd>{model.quantization ?? "–"}</dd>
        <dt>{say("verdict")}</dt>
        <dd>
          <VerdictMark verdict={model.verdict} />
        </dd>
      </dl>
      {error === null ? null : <ErrorState error={error} />}
      {details.length === 0 ? null : (
        <details className={styles["details"]}>
          <summary>{say("details")}</summary>
          <dl className={styles["facts"]}>
            {details.map(([name, value]) => (
              <Detail key={name} name={name} value={value} />
            ))}
          </dl>
        </details>
      )}
    </>
  );
}

function Detail({ name, value }: { readonly name: string; readonly value: unknown }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{typeof value === "string" ? value : JSON.stringify(value)}</dd>
    </>
  );
}

const mostDetailCharacters = 200;

/** What fits on some lines; the rest is for programs. */
function isShort([, value]: readonly [string, unknown]): boolean {
  return value !== null && JSON.stringify(value).length <= mostDetailCharacters;
}

function LoadButton({ model }: { readonly model: Model }) {
  const say = useText(modelMessages);
  const toasts = useToasts();
  const name = fullName(model);
  const { data } = useOperation("models.loaded", {});
  const load = useChange("models.load");
  const unload = useChange("models.unload");
  const isLoaded = data?.models.some((loaded) => fullName(loaded) === name) === true;
  const change = isLoaded ? unload : load;
  return (
    <Allowed to={isLoaded ? "models.unload" : "models.load"}>
      <Button
        look="primary"
        icon={isLoaded ? "out" : "power"}
        isBusy={load.isPending || unload.isPending}
        onClick={() =>
          change.mutate(
            { model: name },
            {
              onSuccess: () => toasts.done(say(isLoaded ? "unloaded" : "loaded", { name })),
              onError: toasts.failed,
            },
          )
        }
      >
        {say(isLoaded ? "unload" : "load")}
      </Button>
    </Allowed>
  );
}

function DeleteButton({ model, onDeleted }: { readonly model: Model; onDeleted(): void }) {
  const say = useText(modelMessages);
  const { bytes } = useFormats();
  const toasts = useToasts();
  const [isAsking, setIsAsking] = useState(false);
  const remove = useChange("models.delete");
  const name = fullName(model);
  return (
    <Allowed to="models.delete">
      <Button look="danger" onClick={() => setIsAsking(true)}>
        {say("delete")}
      </Button>
      {isAsking ? (
        <ConfirmDialog
          title={say("delete_name", { name })}
          text={say("delete_text", { size: bytes(model.size_bytes) })}
          action={say("delete")}
          isBusy={remove.isPending}
          onClose={() => setIsAsking(false)}
          onConfirm={() =>
            remove.mutate(
              { model: name },
              {
                onSuccess: () => {
                  toasts.done(say("deleted", { name }));
                  onDeleted();
                },
                onError: (error) => {
                  setIsAsking(false);
                  toasts.failed(error);
                },
              },
            )
          }
        />
      ) : null}
    </Allowed>
  );
}
