import type { OperationOutput } from "@llm-platform/client";
import { Card, Figure } from "../../components/card.tsx";
import { Notice } from "../../components/notice.tsx";
import { FigureList } from "../../components/page.tsx";
import { useFormats } from "../../components/use-formats.ts";
import { useText } from "../../text/use-text.ts";
import { usageMessages } from "./messages.ts";
import { sumOf } from "./usage-sums.ts";

/** So many models are named; the others are counted. */
const mostNamed = 5;

/** What it comes to, and what is to be known of these numbers. */
export function Totals({ sums }: { readonly sums: OperationOutput<"usage.sum"> }) {
  const say = useText(usageMessages);
  const formats = useFormats();
  const total = sumOf("", sums.usage);
  const costs = [...total.costs];
  const unknown = sums.unknown_prices;
  return (
    <>
      <Card title={say("totals")}>
        <FigureList>
          <Figure label={say("cost")} note={total.unpricedAttempts > 0 ? say("without_unknown") : undefined}>
            {costs.length === 0 ? say("no_cost") : null}
            {costs.map(([currency, micros]) => (
              <div key={currency}>{formats.money(micros, currency)}</div>
            ))}
          </Figure>
          <Figure label={say("calls")} note={say("attempts", { count: total.attempts })}>
            {formats.count(total.calls)}
          </Figure>
          <Figure label={say("input")}>{formats.count(total.inputTokens)}</Figure>
          <Figure label={say("output")}>{formats.count(total.outputTokens)}</Figure>
          <Figure
            label={say("estimated")}
            note={say("of_attempts", { count: formats.count(total.estimatedAttempts) })}
          >
            {formats.ratio(total.attempts === 0 ? 0 : total.estimatedAttempts / total.attempts)}
          </Figure>
          <Figure label={say("failed")} note={say("of_attempts", { count: formats.count(total.failed) })}>
            {formats.ratio(total.attempts === 0 ? 0 : total.failed / total.attempts)}
          </Figure>
        </FigureList>
      </Card>
      {unknown.length === 0 ? null : (
        <Notice tone="warn">
          {say("unknown_prices", {
            names: unknown
              .slice(0, mostNamed)
              .map(({ integration, model }) => `${integration}/${model}`)
              .join(", "),
            count: unknown.length,
          })}
        </Notice>
      )}
      {sums.records_behind === 0 ? null : <Notice>{say("behind", { count: sums.records_behind })}</Notice>}
    </>
  );
}
