import type { FieldProblem } from "@llm-platform/client";
import { TextField } from "../../components/field.tsx";
import { useText } from "../../text/use-text.ts";
import type { KeyDraft } from "./key-draft.ts";
import { keyMessages } from "./messages.ts";

/** When a key ends. */
export function EndField({
  draft,
  onChange,
  problems,
}: {
  readonly draft: KeyDraft;
  onChange(draft: KeyDraft): void;
  readonly problems: readonly FieldProblem[];
}) {
  const say = useText(keyMessages);
  return (
    <TextField
      label={say("expires")}
      hint={say("expires_hint")}
      type="datetime-local"
      value={draft.expiresAt}
      onChange={(expiresAt) => onChange({ ...draft, expiresAt })}
      problem={problems.find((problem) => problem.field === "expires_at")?.message}
    />
  );
}
