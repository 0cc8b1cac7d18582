import { useMemo, useState } from "react";
import { Button } from "../../components/button.tsx";
import { type Column, DataTable } from "../../components/data-table.tsx";
import { SelectField, TextField } from "../../components/field.tsx";
import { EmptyState } from "../../components/notice.tsx";
import { StateMark } from "../../components/state-mark.tsx";
import { useFormats } from "../../components/use-formats.ts";
import { useFeed } from "../../live/use-live.ts";
import { useOperation } from "../../query/use-operation.ts";
import { Allowed } from "../../session/allowed.tsx";
import { useText } from "../../text/use-text.ts";
import { modelMessages } from "./messages.ts";
import {
  fits,
  fullName,
  type Model,
  type ModelFilter,
  noFilter,
  type SizeClass,
  sizeBounds,
  tasksOf,
  valuesOf,
} from "./model-facts.ts";
import styles from "./models.module.css";
import { VerdictMark } from "./verdict-mark.tsx";

const sizeClasses: readonly SizeClass[] = ["any", "small", "medium", "large"];

/** Every model of every integration. */
export function Catalogue({ onOpen, onAdd }: { onOpen(model: Model): void; onAdd(): void }) {
  const say = useText(modelMessages);
  const [filter, setFilter] = useState(noFilter);
  const { data, error, isLoading, refetch } = useOperation("models.list", {});
  useFeed("models", {}, ({ type }) => {
    if (type === "models.changed") void refetch();
  });
  const models = data?.models ?? [];
  const columns = useColumns();
  return (
    <>
      {models.length === 0 ? null : <Filters models={models} filter={filter} onChange={setFilter} />}
      <DataTable
        caption={say("title")}
        columns={columns}
        rows={models.filter((model) => fits(model, filter))}
        keyOf={fullName}
        onOpen={onOpen}
        isLoading={isLoading}
        error={error}
        onRetry={() => void refetch()}
        empty={
          models.length === 0 ? (
            <EmptyState
              icon="cube"
              title={say("none_title")}
              text={say("none_text")}
              action={
                <Allowed to="pulls.start">
                  <Button look="primary" icon="plus" onClick={onAdd}>
                    {say("add")}
                  </Button>
                </Allowed>
              }
            />
          ) : (
            <EmptyState
              icon="search"
              title={say("no_match_title")}
              text={say("no_match_text")}
              action={<Button onClick={() => setFilter(noFilter)}>{say("clear")}</Button>}
            />
          )
        }
      />
    </>
  );
}

interface FiltersProps {
  readonly models: readonly Model[];
  readonly filter: ModelFilter;
  onChange(filter: ModelFilter): void;
}

function Filters({ models, filter, onChange }: FiltersProps) {
  const say = useText(modelMessages);
  const { bytes } = useFormats();
  const sizes = { small: bytes(sizeBounds.small), large: bytes(sizeBounds.large) };
  const among = (values: readonly string[], label: (value: string) => string = (value) => value) => [
    { value: "", label: say("all") },
    ...values.map((value) => ({ value, label: label(value) })),
  ];
  const verdicts = valuesOf(models.map(({ verdict }) => verdict));
  return (
    <div className={styles["filters"]} role="search" aria-label={say("filters")}>
      <TextField
        label={say("name")}
        type="search"
        value={filter.text}
        onChange={(text) => onChange({ ...filter, text })}
      />
      <SelectField
        label={say("integration")}
        value={filter.integration}
        options={among(valuesOf(models.map(({ integration }) => integration)))}
        onChange={(integration) => onChange({ ...filter, integration })}
      />
      <SelectField
        label={say("task")}
        value={filter.task}
        options={among(valuesOf(models.flatMap(tasksOf)))}
        onChange={(task) => onChange({ ...filter, task })}
      />
      <SelectField
        label={say("size")}
        value={filter.size}
        options={sizeClasses.map((value) => ({ value, label: say(`size_${value}`, sizes) }))}
        onChange={(size) => onChange({ ...filter, size })}
      />
      <SelectField
        label={say("quantization")}
        value={filter.quantization}
        options={among(valuesOf(models.map(({ quantization }) => quantization)))}
        onChange={(quantization) => onChange({ ...filter, quantization })}
      />
      <SelectField
        label={say("verdict")}
        value={filter.verdict}
        options={among(verdicts, (value) =>
          value === "weights_only" || value === "suspicious" || value === "refused"
            ? say(`verdict_${value}`)
            : value,
        )}
        onChange={(verdict) => onChange({ ...filter, verdict })}
      />
    </div>
  );
}

function useColumns(): readonly Column<Model>[] {
  const say = useText(modelMessages);
  const formats = useFormats();
  const { data } = useOperation("models.loaded", {});
  return useMemo(() => {
    const loaded = new Set(data?.models.map(fullName));
    return [
      { key: "name", title: say("name"), cell: ({ id }) => id },
      { key: "integration", title: say("integration"), cell: ({ integration }) => integration },
      { key: "task", title: say("task"), cell: ({ operations }) => operations.join(", ") },
      {
        key: "size",
        title: say("size"),
        isNumber: true,
        cell: ({ size_bytes }) => formats.bytes(size_bytes),
      },
      {
        key: "context",
        title: say("context"),
        isNumber: true,
        cell: ({ context_tokens }) => formats.count(context_tokens),
      },
      { key: "quantization", title: say("quantization"), cell: ({ quantization }) => quantization ?? "–" },
      {
        key: "state",
        title: say("state"),
        cell: (model) =>
          loaded.has(fullName(model)) ? <StateMark tone="good">{say("in_memory")}</StateMark> : "–",
      },
      { key: "verdict", title: say("verdict"), cell: ({ verdict }) => <VerdictMark verdict={verdict} /> },
    ];
  }, [say, formats, data]);
}
