import { useText } from "../text/use-text.ts";
import { type IntegrationState, stateLooks, stateMessages } from "./integration-state.ts";
import { StateMark } from "./state-mark.tsx";

/** The state of an integration. */
export function IntegrationMark({ state }: { readonly state: IntegrationState }) {
  const say = useText(stateMessages);
  return <StateMark {...stateLooks[state]}>{say(state)}</StateMark>;
}
