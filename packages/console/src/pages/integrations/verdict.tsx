import type { OperationOutput } from "@llm-platform/client";
import { Notice } from "../../components/notice.tsx";
import { useFormats } from "../../components/use-formats.ts";
import { useText } from "../../text/use-text.ts";
import styles from "./integrations.module.css";
import { integrationMessages } from "./messages.ts";

export type Trial = OperationOutput<"integrations.test">;

const tones = { ok: "good", degraded: "warn", auth_required: "bad", failed: "bad" } as const;
const texts = {
  ok: "tested_ok",
  degraded: "tested_degraded",
  auth_required: "tested_auth",
  failed: "tested_failed",
} as const;
/** So many models are named; the rest is counted. */
const mostNamed = 8;

/** How an integration was that was started for a moment, and what to do about it. */
export function Verdict({ trial }: { readonly trial: Trial }) {
  const say = useText(integrationMessages);
  const formats = useFormats();
  const { status, detail, remedy, duration_ms, models, model_count } = trial;
  return (
    <div className={styles["verdict"]}>
      <Notice tone={tones[status]}>
        {say(texts[status], { detail: detail ?? "" })}
        {remedy === null ? null : ` ${remedy}`}
      </Notice>
      <p>{say("tested_took", { duration: formats.duration(duration_ms) })}</p>
      {models === null || model_count === null ? null : (
        <p>
          {say("tested_models", { count: model_count })}{" "}
          {models.slice(0, mostNamed).map((id) => (
            <code key={id}>{id} </code>
          ))}
        </p>
      )}
    </div>
  );
}
