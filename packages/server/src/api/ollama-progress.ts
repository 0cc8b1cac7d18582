import { errorCodes, PlatformError, type PullProgress } from "@llm-platform/kit";
import type { Pull } from "../core/pull.ts";
import type { Principal } from "../core/principal.ts";
import type { PullManager } from "../pulls/pull-manager.ts";

/** What an Ollama server says last of a pull. */
export const successPhase = "success";

export interface Bringing {
  readonly model: string;
  /** The Ollama server that brings it. */
  readonly integration: string;
  readonly owner: Principal;
  readonly signal: AbortSignal;
  onStep(step: PullProgress): void;
}

/** Resolves when the model can be called. A pull that nobody else asked for ends with its client, as with Ollama itself. */
export async function bringModel(
  pulls: PullManager,
  { model, integration, owner, signal, onStep }: Bringing,
): Promise<void> {
  const request = { kind: "ollama", source: model, integration, load: false } as const;
  const { pull, isJoined } = await pulls.start(request, owner, onStep);
  try {
    expectDone(await pulls.whenAtRest(pull.id, signal));
  } catch (error) {
    if (signal.aborted && !isJoined) await pulls.cancel(pull.id);
    throw error;
  }
}

/** Throws what became of a pull that is not done. */
function expectDone({ phase, failure }: Pull): void {
  if (phase === "done") return;
  const code = errorCodes.find((each) => each === failure?.code) ?? "conflict";
  throw new PlatformError(code, failure?.message ?? `The pull was ${phase} by somebody.`);
}

/** A step of a pull as Ollama writes it. */
export function toOllamaProgress(progress: PullProgress): object {
  return {
    status: progress.phase,
    ...(progress.file === undefined ? {} : { digest: progress.file }),
    ...(progress.totalBytes === undefined ? {} : { total: progress.totalBytes }),
    ...(progress.completedBytes === undefined ? {} : { completed: progress.completedBytes }),
  };
}
