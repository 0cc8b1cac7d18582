import { Link } from "wouter";
import { Card } from "../../components/card.tsx";
import { StateMark } from "../../components/state-mark.tsx";
import { useFormats } from "../../components/use-formats.ts";
import { useMay } from "../../session/use-session.ts";
import { useText } from "../../text/use-text.ts";
import { CandidateTable } from "./candidate-table.tsx";
import { requestMessages } from "./messages.ts";
import type { Explanation } from "./explanation.ts";
import styles from "./requests.module.css";

type Attempt = Explanation["attempts"][number];

const goodOutcomes: readonly Attempt["outcome"][] = ["stop", "length", "tool_calls"];
/** Those of which an upstream has said more than is told to callers. */
const worded: readonly Attempt["outcome"][] = ["upstream_error", "upstream_malformed"];

/** One attempt: where it went, why there, what came of it, and what it cost. */
export function AttemptCard({ attempt }: { readonly attempt: Attempt }) {
  const say = useText(requestMessages);
  const formats = useFormats();
  const may = useMay();
  const { outcome, http_status, error_code, currency, cost_micros } = attempt;
  return (
    <Card
      title={say("attempt", {
        attempt: attempt.attempt,
        target: `${attempt.integration}/${attempt.upstream_model}`,
      })}
      actions={<StateMark tone={goodOutcomes.includes(outcome) ? "good" : "bad"}>{outcome}</StateMark>}
    >
      <p>{say(`outcome_${outcome}`)}</p>
      {worded.includes(outcome) && may("system.log_levels.set") ? (
        <p>
          {say("said", { integration: attempt.integration })}{" "}
          <Link href="/system/log">{say("set_level")}</Link>
        </p>
      ) : null}
      <dl className={styles["facts"]}>
        <div>
          <dt>{say("http_status")}</dt>
          <dd>{http_status ?? say("nothing")}</dd>
        </div>
        {error_code === null ? null : (
          <div>
            <dt>{say("why")}</dt>
            <dd>
              <code>{error_code}</code>
            </dd>
          </div>
        )}
        <div>
          <dt>{say("duration")}</dt>
          <dd>{formats.duration(attempt.duration_ms)}</dd>
        </div>
        <div>
          <dt>{say("tokens")}</dt>
          <dd>
            {formats.count(attempt.input_tokens)} + {formats.count(attempt.output_tokens)} (
            {say(`source_${attempt.usage_source}`)})
          </dd>
        </div>
        <div>
          <dt>{say("cost")}</dt>
          <dd>
            {cost_micros === null || currency === null
              ? say("no_price")
              : formats.money(cost_micros, currency)}{" "}
            {attempt.price_version}
          </dd>
        </div>
      </dl>
      <CandidateTable candidates={attempt.candidates} />
    </Card>
  );
}
