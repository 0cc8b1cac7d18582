import type { FieldProblem } from "@llm-platform/client";
import { useText } from "../text/use-text.ts";
import { TextField } from "./field.tsx";
import styles from "./limit-fields.module.css";
import { componentMessages } from "./messages.ts";

/** Limits as a form has them: an empty field is none. */
export interface LimitDraft {
  readonly requests: string;
  readonly tokens: string;
  readonly atOnce: string;
}

interface LimitValues {
  readonly requests_per_minute: number | null;
  readonly tokens_per_minute: number | null;
  readonly max_concurrent: number | null;
}

export const noLimits: LimitDraft = { requests: "", tokens: "", atOnce: "" };

export function toLimitDraft(limits: LimitValues): LimitDraft {
  return {
    requests: String(limits.requests_per_minute ?? ""),
    tokens: String(limits.tokens_per_minute ?? ""),
    atOnce: String(limits.max_concurrent ?? ""),
  };
}

/** As a change has them: null takes one away. */
export function toLimitChange({ requests, tokens, atOnce }: LimitDraft): LimitValues {
  return {
    requests_per_minute: toCount(requests),
    tokens_per_minute: toCount(tokens),
    max_concurrent: toCount(atOnce),
  };
}

/** As what is made has them: one that is not set is absent. */
export function toNewLimits(draft: LimitDraft): { readonly [Name in keyof LimitValues]?: number } {
  const { requests_per_minute, tokens_per_minute, max_concurrent } = toLimitChange(draft);
  return {
    ...(requests_per_minute === null ? {} : { requests_per_minute }),
    ...(tokens_per_minute === null ? {} : { tokens_per_minute }),
    ...(max_concurrent === null ? {} : { max_concurrent }),
  };
}

function toCount(text: string): number | null {
  return text === "" ? null : Number(text);
}

/** How much somebody may; the hint says what an empty field means. */
export function LimitFields({
  draft,
  onChange,
  problems,
  hint,
}: {
  readonly draft: LimitDraft;
  onChange(limits: LimitDraft): void;
  readonly problems: readonly FieldProblem[];
  readonly hint: string;
}) {
  const say = useText(componentMessages);
  const { requests, tokens, atOnce } = draft;
  const change = (limits: Partial<LimitDraft>) => onChange({ requests, tokens, atOnce, ...limits });
  const problemOf = (field: string) => problems.find((problem) => problem.field === field)?.message;
  return (
    <>
      <div className={styles["limits"]}>
        <TextField
          label={say("limit_requests")}
          type="number"
          value={requests}
          onChange={(next) => change({ requests: next })}
          problem={problemOf("requests_per_minute")}
        />
        <TextField
          label={say("limit_tokens")}
          type="number"
          value={tokens}
          onChange={(next) => change({ tokens: next })}
          problem={problemOf("tokens_per_minute")}
        />
        <TextField
          label={say("limit_at_once")}
          type="number"
          value={atOnce}
          onChange={(next) => change({ atOnce: next })}
          problem={problemOf("max_concurrent")}
        />
      </div>
      <p className={styles["hint"]}>{hint}</p>
    </>
  );
}
