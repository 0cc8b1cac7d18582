import type { ModelInfo } from "@llm-platform/kit";

interface ModelWatchInput {
  /** Asks the server. */
  readonly fetchModels: (signal: AbortSignal) => Promise<readonly ModelInfo[]>;
  readonly refreshMs: number;
  /** The models on offer are others than before, or can be asked for something else. */
  readonly onChanged: (models: readonly ModelInfo[]) => void;
  /** A look on the timer failed; the next one comes at its time. */
  readonly onFailure: (error: unknown) => void;
}

/** Looks at a server's models, on demand and on a timer, and says when they change. */
export interface ModelWatch {
  /** Looks now. */
  list(signal: AbortSignal): Promise<readonly ModelInfo[]>;
  /** Begins to look on the timer. */
  begin(): void;
  /** Ends the timer and a look that is under way. */
  stop(): void;
}

export function createModelWatch(input: ModelWatchInput): ModelWatch {
  const stopping = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let lastKey: string | undefined;

  async function list(signal: AbortSignal): Promise<readonly ModelInfo[]> {
    const models = await input.fetchModels(signal);
    const key = keyOf(models);
    const isChanged = lastKey !== undefined && key !== lastKey;
    lastKey = key;
    if (isChanged && !stopping.signal.aborted) input.onChanged(models);
    return models;
  }

  function plan(): void {
    timer = setTimeout(() => void look(), input.refreshMs).unref();
  }

  async function look(): Promise<void> {
    try {
      await list(stopping.signal);
    } catch (error) {
      if (!stopping.signal.aborted) input.onFailure(error);
    }
    if (!stopping.signal.aborted) plan();
  }

  return {
    list,
    begin: plan,
    stop() {
      clearTimeout(timer);
      stopping.abort();
    },
  };
}

/** Equal for equal sets: what is offered and for which operations, in any order. */
function keyOf(models: readonly ModelInfo[]): string {
  return JSON.stringify(models.map(({ id, operations }) => [id, ...[...operations].sort()].join(" ")).sort());
}
