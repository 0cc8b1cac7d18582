/** What one look came to. `skipped` says why in `detail`. */
export interface Finding {
  readonly check: string;
  readonly verdict: "ok" | "warning" | "failed" | "skipped";
  readonly detail: string;
}

export const ok = (check: string, detail: string): Finding => ({ check, verdict: "ok", detail });
export const warning = (check: string, detail: string): Finding => ({ check, verdict: "warning", detail });
export const failed = (check: string, detail: string): Finding => ({ check, verdict: "failed", detail });
export const skipped = (check: string, detail: string): Finding => ({ check, verdict: "skipped", detail });

/** Node's word for why no reply came, such as ECONNREFUSED. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return "code" in error && typeof error.code === "string" ? error.code : error.message;
}

/** A member of a value of unknown form; undefined where there is none. */
export function memberOf(value: unknown, ...path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>(
    (at, name) => (typeof at === "object" && at !== null ? Reflect.get(at, name) : undefined),
    value,
  );
}

/** A text as JSON; undefined where it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // A proxy's page of HTML is looked at as text.
    return undefined;
  }
}
