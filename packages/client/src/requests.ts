import type { CallOptions } from "./call-options.ts";
import { ClientError } from "./client-error.ts";
import { readEventData } from "./event-stream.ts";
import type { OperationOutput } from "./operation-calls.ts";
import { toQuery } from "./query.ts";

/** A call of a model, all its attempts together. */
export interface LoggedRequest {
  readonly id: string;
  readonly started_at: string;
  readonly duration_ms: number;
  /** ok, failed, refused, cancelled or, between two attempts, unfinished. */
  readonly status: string;
  /** How its last attempt ended; null for a call without a reply. */
  readonly outcome: string | null;
  readonly principal: string;
  readonly operation: string;
  readonly requested_model: string;
  readonly integration: string | null;
  readonly provider: string | null;
  readonly upstream_model: string | null;
  readonly stream: boolean;
  readonly attempt_count: number;
  readonly http_status: number | null;
  readonly error_code: string | null;
  /** What the client of a call without a reply was told. */
  readonly message: string | null;
  readonly first_byte_ms: number | null;
  readonly input_tokens: number;
  readonly output_tokens: number;
  readonly costs: readonly { readonly currency: string; readonly cost_micros: number }[];
  readonly unpriced_attempts: number;
  readonly replica: string | null;
}

/** One place where a call could have gone. */
export interface RequestCandidate {
  readonly target: string;
  readonly verdict: string;
  readonly breaker: string;
  readonly share: number | null;
}

export interface RequestAttempt {
  readonly attempt: number;
  readonly integration: string;
  readonly upstream_model: string;
  readonly outcome: string;
  readonly http_status: number | null;
  readonly error_code: string | null;
  readonly duration_ms: number;
  readonly input_tokens: number | null;
  readonly output_tokens: number | null;
  readonly usage_source: string;
  readonly cost_micros: number | null;
  readonly currency: string | null;
  readonly price_version: string | null;
  readonly candidates: readonly RequestCandidate[];
}

export interface RequestPhase {
  readonly phase: string;
  readonly attempt: number | null;
  readonly start_us: number;
  readonly duration_us: number;
}

/** One call, explained. */
export interface RequestExplanation {
  readonly request: LoggedRequest;
  readonly times: { readonly total_us: number; readonly phases: readonly RequestPhase[] };
  readonly candidates: readonly RequestCandidate[];
  readonly attempts: readonly RequestAttempt[];
}

/** Which calls; what is not said holds for all. */
export interface RequestQuestion {
  readonly from?: string | undefined;
  readonly until?: string | undefined;
  readonly model?: string | undefined;
  readonly integration?: string | undefined;
  readonly principal?: string | undefined;
  readonly user?: string | undefined;
  readonly team?: string | undefined;
  readonly status?: string | undefined;
  readonly error_code?: string | undefined;
  readonly min_duration_ms?: number | undefined;
  readonly min_cost_micros?: number | undefined;
  readonly search?: string | undefined;
  /** time (the default), duration or cost. */
  readonly sort?: string | undefined;
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
}

export interface RequestPage {
  readonly requests: readonly LoggedRequest[];
  readonly next_cursor: string | null;
  readonly previous_cursor: string | null;
  readonly searched_from: string | null;
}

interface RouteCandidate extends RequestCandidate {
  readonly role: string;
  readonly chance: number;
  /** Null where only another process of the server knows. */
  readonly wait_ms: number | null;
  readonly reason: string | null;
}

/** Where a call of a model could go now. */
export interface RouteExplanation {
  readonly model: string;
  readonly candidates: readonly RouteCandidate[];
}

/** A name that callers may use, and where it leads. */
export type ListedRoute = OperationOutput<"routes.list">["routes"][number];

/** The calls that are about the request log. */
export interface RequestCalls {
  requests(question?: RequestQuestion): Promise<RequestPage>;
  /** @param id `x-request-id` of an answer */
  explainRequest(id: string): Promise<RequestExplanation>;
  /** @param kind route, alias or model; default all three */
  routes(kind?: string): Promise<readonly ListedRoute[]>;
  /** What would happen to a call of a model now. */
  explainRoute(model: string): Promise<RouteExplanation>;
  /** Calls as they end, until the signal aborts. */
  followRequests(question: RequestQuestion, signal: AbortSignal): AsyncIterable<LoggedRequest>;
}

interface RequestCallParts {
  call<Output>(path: string, options?: CallOptions): Promise<Output>;
  send(path: string, options: CallOptions): Promise<Response>;
}

const path = "/api/v1/requests";

export function createRequestCalls({ call, send }: RequestCallParts): RequestCalls {
  return {
    requests: (question = {}) => call(`${path}${toQuery(question)}`),
    explainRequest: (id) => call(`${path}/${encodeURIComponent(id)}`),
    routes: async (kind) =>
      (await call<{ routes: readonly ListedRoute[] }>(`/api/v1/routes${toQuery({ kind })}`)).routes,
    explainRoute: (model) => call(`/api/v1/routes/explain${toQuery({ model })}`),
    async *followRequests(question, signal) {
      try {
        const { body } = await send(`${path}${toQuery(question)}`, { accept: "text/event-stream", signal });
        if (body === null) throw new ClientError("unavailable", "The server sent no stream.");
        for await (const data of readEventData(body)) {
          // Our own server's wire; what it sends is proved by its tests.
          const item = JSON.parse(data) as LoggedRequest | { readonly reason: string };
          if ("id" in item) yield item;
        }
      } catch (error) {
        if (signal.aborted) return;
        throw error instanceof ClientError
          ? error
          : new ClientError("unavailable", "The stream of requests broke off. Follow it again.", {
              cause: error,
            });
      }
    },
  };
}
