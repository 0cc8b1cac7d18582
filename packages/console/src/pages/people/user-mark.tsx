import { StateMark } from "../../components/state-mark.tsx";
import { useText } from "../../text/use-text.ts";
import { peopleMessages } from "./messages.ts";

/** Whether a user may come in. */
export function UserMark({ isActive }: { readonly isActive: boolean }) {
  const say = useText(peopleMessages);
  return <StateMark tone={isActive ? "good" : "none"}>{say(isActive ? "active" : "inactive")}</StateMark>;
}
