import { useId, useState } from "react";
import { Button } from "../../components/button.tsx";
import { SelectField, TextField } from "../../components/field.tsx";
import { FormEnd } from "../../components/form-end.tsx";
import { Notice } from "../../components/notice.tsx";
import { useToasts } from "../../components/toast.tsx";
import { useText } from "../../text/use-text.ts";
import { FallbackFields } from "./fallback-fields.tsx";
import type { ListedRoute } from "./looks.ts";
import { routingMessages } from "./messages.ts";
import { nothingYet, type RouteDraft, toDraft } from "./route-draft.ts";
import styles from "./routing.module.css";
import { TargetFields } from "./target-fields.tsx";
import { TryOut } from "./try-out.tsx";
import { useSave } from "./use-save.ts";

interface RouteFormProps {
  /** The name that is changed; undefined for a new one. */
  readonly model: string | undefined;
  /** What the name is now, which may be other than it was when the form was opened; undefined when there is none. */
  readonly route: ListedRoute | undefined;
  /** Names to choose from. */
  readonly known: readonly string[];
  onDone(): void;
}

const kinds = ["route", "alias"] as const;

/** Makes a name, or changes one. */
export function RouteForm({ model, route, known, onDone }: RouteFormProps) {
  const say = useText(routingMessages);
  const toasts = useToasts();
  const listId = useId();
  const [draft, setDraft] = useState(route === undefined ? nothingYet : toDraft(route));
  const [sent, setSent] = useState<RouteDraft>();
  const { save, error: refusal, isPending } = useSave(model);
  // What was wrong may be right now, also where the refusal comes after the correction.
  const error = sent === draft ? refusal : null;
  const set = (part: Partial<RouteDraft>) => setDraft({ ...draft, ...part });
  const problemOf = (field: string) => error?.problems.find((problem) => problem.field === field)?.message;
  const isOutdated = route !== undefined && draft.version !== (route.version ?? undefined);
  const fields = { names: listId, problemOf };
  return (
    <form
      className={styles["form"]}
      onSubmit={(event) => {
        event.preventDefault();
        setSent(draft);
        save(draft, () => {
          toasts.done(say("saved", { name: draft.name }));
          onDone();
        });
      }}
    >
      {isOutdated ? (
        <Notice
          tone="warn"
          action={<Button onClick={() => setDraft(toDraft(route))}>{say("take_theirs")}</Button>}
        >
          {say("changed_meanwhile")}
        </Notice>
      ) : null}
      <TextField
        label={say("name")}
        hint={say("name_hint")}
        value={draft.name}
        problem={problemOf("model") ?? problemOf("new_model")}
        isRequired
        onChange={(name) => set({ name })}
      />
      <SelectField
        label={say("kind")}
        value={draft.kind}
        options={kinds.map((value) => ({ value, label: say(`makes_${value}`) }))}
        onChange={(kind) => set({ kind })}
      />
      {draft.kind === "alias" ? (
        <TextField
          label={say("stands_for")}
          value={draft.aliasOf}
          list={listId}
          problem={problemOf("alias_of")}
          isRequired
          onChange={(aliasOf) => set({ aliasOf })}
        />
      ) : (
        <>
          <TargetFields {...fields} places={draft.targets} onChange={(targets) => set({ targets })} />
          <FallbackFields {...fields} places={draft.fallbacks} onChange={(fallbacks) => set({ fallbacks })} />
        </>
      )}
      <datalist id={listId}>
        {known.map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      <TryOut draft={draft} model={model ?? draft.name} />
      <FormEnd error={error} action={say("save")} isBusy={isPending} onCancel={onDone} />
    </form>
  );
}
