import type { OperationInput, OperationOutput } from "@llm-platform/client";
import {
  type LimitDraft,
  noLimits,
  toLimitChange,
  toLimitDraft,
  toNewLimits,
} from "../../components/limit-fields.tsx";
import type { Permission } from "../../components/permission-fields.tsx";

export type Key = OperationOutput<"keys.list">["keys"][number];

/** The text of a key, which the server tells once. */
export interface NewSecret {
  readonly name: string;
  readonly key: string;
}

/** A key as a form has it: an empty field is nothing. */
export interface KeyDraft extends LimitDraft {
  readonly name: string;
  readonly scopes: readonly Permission[];
  /** In the reader's time zone, as a field for times has it. */
  readonly expiresAt: string;
}

export const emptyDraft: KeyDraft = {
  name: "",
  scopes: [],
  expiresAt: "",
  ...noLimits,
};

export function toDraft(key: Key): KeyDraft {
  return {
    name: key.name,
    scopes: key.scopes,
    expiresAt: key.expires_at === null ? "" : toLocal(key.expires_at),
    ...toLimitDraft(key),
  };
}

/** What a new key is made of, next to its owner and what it may do. */
export function toNewKey(draft: KeyDraft): Omit<OperationInput<"keys.create">, "owner" | "role" | "scopes"> {
  const { name, expires_at } = toValues(draft);
  return { name, ...(expires_at === null ? {} : { expires_at }), ...toNewLimits(draft) };
}

/** What of a key is to be changed. What was not touched is not sent: an end that is over would be refused. */
export function toKeyChange(key: Key, draft: KeyDraft): OperationInput<"keys.update"> {
  const { expires_at, ...values } = toValues(draft);
  const isSameEnd = draft.expiresAt === toDraft(key).expiresAt;
  const isSameScopes =
    draft.scopes.length === key.scopes.length && draft.scopes.every((scope) => key.scopes.includes(scope));
  return {
    id: key.id,
    ...values,
    ...toLimitChange(draft),
    ...(isSameEnd ? {} : { expires_at }),
    ...(isSameScopes ? {} : { scopes: [...draft.scopes] }),
  };
}

function toValues(draft: KeyDraft) {
  return {
    name: draft.name.trim(),
    expires_at: draft.expiresAt === "" ? null : new Date(draft.expiresAt).toISOString(),
  };
}

function toLocal(time: string): string {
  const at = new Date(time);
  const minuteMs = 60_000;
  return new Date(at.getTime() - at.getTimezoneOffset() * minuteMs).toISOString().slice(0, 16);
}
