import { secretMark } from "./shown-value.ts";

/** Settings that somebody sends back as they were shown. */
export interface SentSettings {
  /** Each secret that was sent as `[secret]` is what it was. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Places of secrets that stay, with dots between the parts. */
  readonly kept: readonly string[];
}

/** Puts the secrets of before in the places that say `[secret]`. One that was not there stays as it was sent. */
export function keepSecrets(
  sent: Readonly<Record<string, unknown>>,
  before: Readonly<Record<string, unknown>>,
): SentSettings {
  const kept: string[] = [];
  const settings = Object.fromEntries(
    Object.entries(sent).map(([name, value]) => [name, fill(value, before[name], { path: name, kept })]),
  );
  return { settings, kept };
}

interface Place {
  readonly path: string;
  readonly kept: string[];
}

function fill(value: unknown, before: unknown, { path, kept }: Place): unknown {
  if (value === secretMark && before !== undefined) {
    kept.push(path);
    return before;
  }
  if (!isRecord(value)) return value;
  const old = isRecord(before) ? before : {};
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name,
      fill(member, old[name], { path: `${path}.${name}`, kept }),
    ]),
  );
}

/** Whether other servers would be spoken to: a secret must not go where it was not meant for. */
export function hasOtherAddresses(
  next: Readonly<Record<string, unknown>>,
  before: Readonly<Record<string, unknown>>,
): boolean {
  const known = new Set(originsIn(before));
  return originsIn(next).some((origin) => !known.has(origin));
}

function originsIn(value: unknown): readonly string[] {
  if (typeof value === "string") {
    const url = /^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? URL.parse(value) : null;
    return url === null ? [] : [`${url.protocol}//${url.host}`];
  }
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(originsIn) : [];
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
