import type { Health } from "@llm-platform/kit";

/** How long a crash is told of when its model is not loaded again. */
const rememberedMs = 300_000;

/** Remembers crashes until the model loads again, or for five minutes. */
export class CrashMemory {
  readonly #crashedAtMs = new Map<string, number>();

  recordCrash(model: string, nowMs: number): void {
    this.#crashedAtMs.set(model, nowMs);
  }

  recordLoad(model: string): void {
    this.#crashedAtMs.delete(model);
  }

  health(nowMs: number): Health {
    for (const [model, atMs] of this.#crashedAtMs)
      if (nowMs - atMs >= rememberedMs) this.#crashedAtMs.delete(model);
    const models = [...this.#crashedAtMs.keys()];
    if (models.length === 0) return { status: "ok" };
    const names = models.map((model) => `'${model}'`).join(", ");
    return { status: "degraded", detail: `The engine of ${names} crashed; the next call starts it again.` };
  }
}
