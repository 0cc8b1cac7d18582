import { StateMark } from "../../components/state-mark.tsx";
import { useText } from "../../text/use-text.ts";
import type { Key } from "./key-draft.ts";
import { keyMessages } from "./messages.ts";

export function KeyMark({ of }: { readonly of: Key }) {
  const say = useText(keyMessages);
  const state = stateOf(of);
  return <StateMark tone={state === "standing" ? "good" : "none"}>{say(state)}</StateMark>;
}

export function stateOf({ revoked_at, expires_at }: Key): "standing" | "revoked" | "expired" {
  if (revoked_at !== null) return "revoked";
  return expires_at !== null && Date.parse(expires_at) <= Date.now() ? "expired" : "standing";
}
