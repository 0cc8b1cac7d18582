import type { OperationOutput } from "@llm-platform/client";
import { useId, useState } from "react";
import { Button } from "../../components/button.tsx";
import { EmptyState, ErrorState, Notice, Skeleton } from "../../components/notice.tsx";
import { CheckField } from "../../components/field.tsx";
import { FormEnd } from "../../components/form-end.tsx";
import { StateMark } from "../../components/state-mark.tsx";
import { useToasts } from "../../components/toast.tsx";
import { useFormats } from "../../components/use-formats.ts";
import { useChange, useOperation } from "../../query/use-operation.ts";
import { useText } from "../../text/use-text.ts";
import { modelMessages } from "./messages.ts";
import styles from "./models.module.css";

type Repository = OperationOutput<"huggingface.info">;
type Quantization = Repository["quantizations"][number];

interface HubRepositoryProps {
  /** owner/name */
  readonly repository: string;
  onBack(): void;
  onStarted(): void;
}

/** What a repository of the Hub holds, and which of it fits into this machine's memory. */
export function HubRepository({ repository, onBack, onStarted }: HubRepositoryProps) {
  const say = useText(modelMessages);
  const { data, error, isLoading, refetch } = useOperation("huggingface.info", { repository });
  return (
    <>
      <div className={styles["pullHead"]}>
        <h3>{repository}</h3>
        <Button look="quiet" icon="search" onClick={onBack}>
          {say("back")}
        </Button>
      </div>
      {isLoading ? <Skeleton lines={5} /> : null}
      {error === null ? null : <ErrorState error={error} onRetry={() => void refetch()} />}
      {data === undefined ? null : <Choice key={data.id} data={data} onStarted={onStarted} />}
    </>
  );
}

function Choice({ data, onStarted }: { readonly data: Repository; onStarted(): void }) {
  const say = useText(modelMessages);
  const { bytes } = useFormats();
  const toasts = useToasts();
  const [chosen, setChosen] = useState(data.recommended ?? data.quantizations[0]?.name);
  const [isLoaded, setIsLoaded] = useState(true);
  const start = useChange("pulls.start");
  if (chosen === undefined)
    return <EmptyState icon="cube" title={say("no_files_title")} text={say("no_files_text")} />;
  const wanted = data.quantizations.find(({ name }) => name === chosen);
  return (
    <form
      className={styles["settings"]}
      onSubmit={(event) => {
        event.preventDefault();
        start.mutate(
          { kind: "huggingface", source: data.id, quantization: chosen, load: isLoaded },
          {
            onSuccess: () => {
              toasts.done(say("started", { name: data.id }));
              onStarted();
            },
          },
        );
      }}
    >
      <p className={styles["soft"]}>{say("licensed", { license: data.license ?? say("unknown") })}</p>
      {data.warnings.map((warning) => (
        <Notice key={warning} tone="warn">
          {warning}
        </Notice>
      ))}
      <QuantizationList data={data} chosen={chosen} onChoose={setChosen} />
      <CheckField label={say("load_after")} isChecked={isLoaded} onChange={setIsLoaded} />
      {wanted?.fits === false ? (
        <Notice tone="warn">
          {say("too_large", { needs: bytes(wanted.memory_bytes), has: bytes(data.memory_bytes) })}
        </Notice>
      ) : null}
      <FormEnd
        error={start.error}
        action={say("pull", { size: bytes(wanted?.size_bytes) })}
        isBusy={start.isPending}
      />
    </form>
  );
}

interface QuantizationListProps {
  readonly data: Repository;
  readonly chosen: string;
  onChoose(name: string): void;
}

function QuantizationList({ data, chosen, onChoose }: QuantizationListProps) {
  const say = useText(modelMessages);
  const { bytes } = useFormats();
  const group = useId();
  return (
    <fieldset className={styles["choices"]}>
      <legend>{say("pick", { memory: bytes(data.memory_bytes) })}</legend>
      {data.quantizations.map((each) => (
        <label key={each.name} className={styles["choice"]}>
          <input
            type="radio"
            name={group}
            checked={each.name === chosen}
            onChange={() => onChoose(each.name)}
          />
          <strong>{each.name}</strong>
          <span>{bytes(each.size_bytes)}</span>
          <FitMark
            quantization={each}
            isRecommended={each.name === data.recommended}
            memory={data.memory_bytes}
          />
        </label>
      ))}
    </fieldset>
  );
}

interface FitMarkProps {
  readonly quantization: Quantization;
  readonly isRecommended: boolean;
  readonly memory: number;
}

function FitMark({ quantization, isRecommended, memory }: FitMarkProps) {
  const say = useText(modelMessages);
  const { bytes } = useFormats();
  if (!quantization.fits)
    return (
      <StateMark tone="warn">{say("does_not_fit", { needs: bytes(quantization.memory_bytes) })}</StateMark>
    );
  return (
    <StateMark tone="good">{say(isRecommended ? "fits_best" : "fits", { memory: bytes(memory) })}</StateMark>
  );
}
