import type { FieldProblem } from "@llm-platform/client";
import { CheckField, TextField } from "../../components/field.tsx";
import { useOperation } from "../../query/use-operation.ts";
import { useCaller } from "../../session/use-session.ts";
import { useText } from "../../text/use-text.ts";
import type { KeyDraft, Permission } from "./key-draft.ts";
import styles from "./keys.module.css";
import { keyMessages } from "./messages.ts";

interface DraftProps {
  readonly draft: KeyDraft;
  onChange(draft: KeyDraft): void;
  readonly problems: readonly FieldProblem[];
}

/** When a key ends and how much it may; the hint says what an empty limit means. */
export function LimitFields({ draft, onChange, problems, hint }: DraftProps & { readonly hint: string }) {
  const say = useText(keyMessages);
  const problemOf = (field: string) => problems.find((problem) => problem.field === field)?.message;
  return (
    <>
      <TextField
        label={say("expires")}
        hint={say("expires_hint")}
        type="datetime-local"
        value={draft.expiresAt}
        onChange={(expiresAt) => onChange({ ...draft, expiresAt })}
        problem={problemOf("expires_at")}
      />
      <div className={styles["limits"]}>
        <TextField
          label={say("requests")}
          type="number"
          value={draft.requests}
          onChange={(requests) => onChange({ ...draft, requests })}
          problem={problemOf("requests_per_minute")}
        />
        <TextField
          label={say("tokens")}
          type="number"
          value={draft.tokens}
          onChange={(tokens) => onChange({ ...draft, tokens })}
          problem={problemOf("tokens_per_minute")}
        />
        <TextField
          label={say("at_once")}
          type="number"
          value={draft.atOnce}
          onChange={(atOnce) => onChange({ ...draft, atOnce })}
          problem={problemOf("max_concurrent")}
        />
      </div>
      <p className={styles["hint"]}>{hint}</p>
    </>
  );
}

/** What a key may do: of what the reader may, as nobody gives more than that, and what it has. */
export function PermissionFields({
  draft,
  onChange,
}: {
  readonly draft: KeyDraft;
  onChange(draft: KeyDraft): void;
}) {
  const say = useText(keyMessages);
  const caller = useCaller();
  const { data } = useOperation("roles.list", {});
  const meanings = new Map<string, string>(data?.permissions.map(({ name, summary }) => [name, summary]));
  const offered = [...new Set<Permission>([...caller.permissions, ...draft.scopes])];
  return (
    <fieldset className={styles["permissions"]}>
      <legend>{say("permissions")}</legend>
      {offered.map((permission) => (
        <CheckField
          key={permission}
          label={permission}
          hint={meanings.get(permission)}
          isChecked={draft.scopes.includes(permission)}
          onChange={(isChecked) => {
            const others = draft.scopes.filter((scope) => scope !== permission);
            onChange({ ...draft, scopes: isChecked ? [...others, permission] : others });
          }}
        />
      ))}
    </fieldset>
  );
}
