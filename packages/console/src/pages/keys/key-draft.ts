import type { OperationInput, OperationOutput } from "@llm-platform/client";

export type Key = OperationOutput<"keys.list">["keys"][number];
export type Permission = Key["scopes"][number];

/** A key as a form has it: an empty field is nothing. */
export interface KeyDraft {
  readonly name: string;
  readonly scopes: readonly Permission[];
  /** In the reader's time zone, as a field for times has it. */
  readonly expiresAt: string;
  readonly requests: string;
  readonly tokens: string;
  readonly atOnce: string;
}

export const emptyDraft: KeyDraft = {
  name: "",
  scopes: [],
  expiresAt: "",
  requests: "",
  tokens: "",
  atOnce: "",
};

export function toDraft(key: Key): KeyDraft {
  return {
    name: key.name,
    scopes: key.scopes,
    expiresAt: key.expires_at === null ? "" : toLocal(key.expires_at),
    requests: String(key.requests_per_minute ?? ""),
    tokens: String(key.tokens_per_minute ?? ""),
    atOnce: String(key.max_concurrent ?? ""),
  };
}

/** What a new key is made of, next to its owner and what it may do. */
export function toNewKey(draft: KeyDraft): Omit<OperationInput<"keys.create">, "owner" | "role" | "scopes"> {
  const { name, expires_at, requests_per_minute, tokens_per_minute, max_concurrent } = toValues(draft);
  return {
    name,
    ...(expires_at === null ? {} : { expires_at }),
    ...(requests_per_minute === null ? {} : { requests_per_minute }),
    ...(tokens_per_minute === null ? {} : { tokens_per_minute }),
    ...(max_concurrent === null ? {} : { max_concurrent }),
  };
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
    ...(isSameEnd ? {} : { expires_at }),
    ...(isSameScopes ? {} : { scopes: [...draft.scopes] }),
  };
}

function toValues(draft: KeyDraft) {
  return {
    name: draft.name.trim(),
    expires_at: draft.expiresAt === "" ? null : new Date(draft.expiresAt).toISOString(),
    requests_per_minute: toCount(draft.requests),
    tokens_per_minute: toCount(draft.tokens),
    max_concurrent: toCount(draft.atOnce),
  };
}

function toCount(text: string): number | null {
  return text === "" ? null : Number(text);
}

function toLocal(time: string): string {
  const at = new Date(time);
  const minuteMs = 60_000;
  return new Date(at.getTime() - at.getTimezoneOffset() * minuteMs).toISOString().slice(0, 16);
}
