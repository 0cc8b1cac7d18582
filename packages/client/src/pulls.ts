import type { CallOptions } from "./call-options.ts";
import { ClientError } from "./client-error.ts";
import { readEventData } from "./event-stream.ts";
import { toQuery } from "./query.ts";

/** One file of a pull. */
export interface PulledFile {
  readonly name: string;
  readonly completed_bytes: number;
  readonly total_bytes: number | null;
  readonly sha256: string | null;
}

/** A model that is brought to the server, and how far it is. */
export interface Pull {
  readonly id: string;
  readonly kind: string;
  readonly source: string;
  /** Id of the server whose disk it fills; null where there is only one. */
  readonly replica: string | null;
  readonly revision: string | null;
  readonly license: string | null;
  /** queued, resolving, downloading, verifying, registering, warming_up, done, failed, paused or cancelled. */
  readonly phase: string;
  readonly detail: string | null;
  readonly error: { readonly code: string; readonly message: string } | null;
  readonly completed_bytes: number;
  readonly total_bytes: number | null;
  readonly bytes_per_second: number | null;
  readonly eta_seconds: number | null;
  readonly files: readonly PulledFile[];
  /** What can be called when it is done, as `integration/model`. */
  readonly models: readonly string[];
  readonly created_by_name: string;
  readonly created_at: string;
  readonly finished_at: string | null;
}

/** What is to be pulled. */
export interface NewPull {
  /** ollama, huggingface, url or file. */
  readonly kind: string;
  readonly source: string;
  readonly integration?: string | undefined;
  readonly revision?: string | undefined;
  readonly file?: string | undefined;
  readonly quantization?: string | undefined;
  readonly name?: string | undefined;
  readonly sha256?: string | undefined;
  readonly load?: boolean | undefined;
}

/** The calls that are about pulls. */
export interface PullCalls {
  /** Begins a pull, or joins the one that brings the same. */
  startPull(pull: NewPull): Promise<Pull>;
  /** Newest first. */
  pulls(): Promise<readonly Pull[]>;
  pull(id: string): Promise<Pull>;
  /** The pull as it is, then every change, until it rests. Throws ClientError when the connection is lost before. */
  followPull(id: string, signal?: AbortSignal): AsyncIterable<Pull>;
  /** Repositories of the Hub. */
  searchHub(question: HubQuestion): Promise<readonly HubModel[]>;
  changePull(id: string, action: "pause" | "resume" | "cancel"): Promise<Pull>;
}

/** A repository of the Hub. */
export interface HubModel {
  readonly id: string;
  /** no, automatic or manual: whether access must be asked for. */
  readonly gated: string;
  readonly downloads: number | null;
  readonly license: string | null;
  readonly parameters: number | null;
  readonly task: string | null;
}

/** What is searched for; every part may be left out. */
export interface HubQuestion {
  readonly query?: string | undefined;
  readonly author?: string | undefined;
  readonly task?: string | undefined;
  readonly library?: string | undefined;
  readonly license?: string | undefined;
  readonly quantization?: string | undefined;
  readonly limit?: string | undefined;
}

interface PullCallParts {
  call<Output>(path: string, options?: CallOptions): Promise<Output>;
  send(path: string, options: CallOptions): Promise<Response>;
}

const restingPhases = ["done", "failed", "paused", "cancelled"];

/** Whether nothing happens to the pull unless somebody asks for it. */
export function isAtRest({ phase }: Pull): boolean {
  return restingPhases.includes(phase);
}

export function createPullCalls({ call, send }: PullCallParts): PullCalls {
  const pathOf = (id: string): string => `/api/v1/pulls/${encodeURIComponent(id)}`;
  return {
    startPull: (pull) => call("/api/v1/pulls", { method: "POST", body: pull }),
    pulls: async () => (await call<{ pulls: readonly Pull[] }>("/api/v1/pulls")).pulls,
    pull: (id) => call(pathOf(id)),
    async *followPull(id, signal) {
      const { body } = await send(pathOf(id), { accept: "text/event-stream", signal });
      if (body === null) throw lost(id, undefined);
      try {
        for await (const data of readEventData(body)) {
          // Our own server's wire; what it sends is proved by its tests.
          const pull = JSON.parse(data) as Pull;
          yield pull;
          if (isAtRest(pull)) return;
        }
      } catch (error) {
        if (signal?.aborted !== true) throw lost(id, error);
        throw new ClientError("failed", "The call was interrupted.", { cause: error });
      }
      throw lost(id, undefined);
    },
    searchHub: async (question) =>
      (await call<{ models: readonly HubModel[] }>(`/local/huggingface/search${toQuery(question)}`)).models,
    changePull: (id, action) => call(`${pathOf(id)}/${action}`, { method: "POST", body: {} }),
  };
}

function lost(id: string, cause: unknown): ClientError {
  const message = `The connection to the server was lost; the pull goes on there. Look at it with \`llmp pulls show ${id}\`.`;
  return new ClientError("unavailable", message, { cause });
}
