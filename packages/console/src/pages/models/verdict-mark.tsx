import { StateMark } from "../../components/state-mark.tsx";
import { useText } from "../../text/use-text.ts";
import { modelMessages } from "./messages.ts";
import { type Model, verdictTones } from "./model-facts.ts";

/** How far a model's file can be trusted. */
export function VerdictMark({ verdict }: Pick<Model, "verdict">) {
  const say = useText(modelMessages);
  if (verdict === null) return "–";
  return <StateMark tone={verdictTones[verdict]}>{say(`verdict_${verdict}`)}</StateMark>;
}
