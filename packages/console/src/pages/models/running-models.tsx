import { Button } from "../../components/button.tsx";
import { EmptyState, ErrorState, Skeleton } from "../../components/notice.tsx";
import { Countdown } from "../../components/time.tsx";
import { useToasts } from "../../components/toast.tsx";
import { useFormats } from "../../components/use-formats.ts";
import { useChange, useOperation } from "../../query/use-operation.ts";
import { Allowed } from "../../session/allowed.tsx";
import { useText } from "../../text/use-text.ts";
import { memoryOf } from "./device-memory.ts";
import { modelMessages } from "./messages.ts";
import { MemoryStack } from "./memory-stack.tsx";
import { fullName, type LoadedModel } from "./model-facts.ts";
import styles from "./models.module.css";

/** Between two looks at how much memory is taken: no event tells of it. */
const refreshMs = 5_000;

/** What is in memory, how much it takes, and until when it stays. */
export function RunningModels() {
  const say = useText(modelMessages);
  const { data, error, isLoading, refetch } = useOperation("models.loaded", {}, { refreshMs });
  if (error !== null && data === undefined)
    return <ErrorState error={error} onRetry={() => void refetch()} />;
  if (isLoading || data === undefined) return <Skeleton />;
  const { models } = data;
  return (
    <>
      <MemoryStack devices={memoryOf(data)} />
      {models.length === 0 ? (
        <EmptyState icon="server" title={say("idle_title")} text={say("idle_text")} />
      ) : (
        <ul className={styles["running"]}>
          {models.map((model) => (
            <RunningModel key={fullName(model)} model={model} />
          ))}
        </ul>
      )}
    </>
  );
}

function RunningModel({ model }: { readonly model: LoadedModel }) {
  const say = useText(modelMessages);
  const { bytes, count } = useFormats();
  const toasts = useToasts();
  const unload = useChange("models.unload");
  const name = fullName(model);
  const facts = [
    model.memory_bytes === null ? undefined : say("of_memory", { bytes: bytes(model.memory_bytes) }),
    model.gpu_memory_bytes === null || model.gpu_memory_bytes === 0
      ? undefined
      : say("of_gpu", { bytes: bytes(model.gpu_memory_bytes) }),
    model.active_calls === null
      ? undefined
      : say("calls", { count: model.active_calls, shown: count(model.active_calls) }),
  ].filter((fact) => fact !== undefined);
  return (
    <li>
      <strong>{name}</strong>
      <span>{facts.join(" · ")}</span>
      <span>
        {model.expires_at === null ? (
          say("stays")
        ) : (
          <>
            {say("leaves_in")} <Countdown to={model.expires_at} />
          </>
        )}
      </span>
      <Allowed to="models.unload">
        <Button
          icon="out"
          isBusy={unload.isPending}
          aria-label={say("unload_name", { name })}
          onClick={() =>
            unload.mutate(
              { model: name },
              { onSuccess: () => toasts.done(say("unloaded", { name })), onError: toasts.failed },
            )
          }
        >
          {say("unload")}
        </Button>
      </Allowed>
    </li>
  );
}
