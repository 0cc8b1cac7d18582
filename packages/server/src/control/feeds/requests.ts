import { z } from "zod";
import type { Principal } from "../../core/principal.ts";
import type { Identity } from "../../store/identity.ts";
import { type LoggedRequest, requestStatuses } from "../../store/request-log/logged-request.ts";
import { defineFeed, type Feed, type FeedItem } from "../feed.ts";
import { findOwners } from "../request-log/own-calls.ts";
import { requestRow, toRequestRow } from "../request-log/request-fields.ts";
import { isOwned } from "../request-log/requests.ts";
import type { RequestTail } from "./request-tail.ts";
import { Wake } from "./wake.ts";

export interface RequestsFeedParts {
  readonly tail: Pick<RequestTail, "listen">;
  readonly identity: Pick<Identity, "users" | "apiKeys">;
}

const mostWaiting = 1_000;

const input = z.strictObject({
  model: z.string().max(512).optional().describe("As it was asked for, or as its upstream calls it."),
  integration: z.string().max(128).optional(),
  principal: z.string().max(128).optional(),
  status: z.enum(requestStatuses).optional(),
  error_code: z.string().max(64).optional(),
  min_duration_ms: z.coerce.number().int().min(0).optional(),
});

type Input = z.output<typeof input>;

/** Calls of models as they end. */
export function createRequestsFeed(parts: RequestsFeedParts): Feed {
  return defineFeed({
    name: "requests",
    summary:
      "`request.ended` for each call of a model, of all replicas, within a second or so; without `usage.read` one's own. To a slow reader `feed.gap` says that some are left out.",
    permission: "usage.read_own",
    input,
    item: z.union([requestRow, z.object({ reason: z.string() })]),
    follow: (checked, signal, principal) => followRequests({ asked: checked, signal, principal }, parts),
  });
}

interface Following {
  readonly asked: Input;
  readonly signal: AbortSignal;
  readonly principal: Principal;
}

async function* followRequests(
  { asked, signal, principal }: Following,
  { tail, identity }: RequestsFeedParts,
): AsyncGenerator<FeedItem, void> {
  const owners = await findOwners(principal, identity, {});
  const wake = new Wake(signal);
  const waiting = { requests: new Array<LoggedRequest>(), lost: 0 };
  const stop = tail.listen((requests) => {
    for (const request of requests) {
      if (!isOwned(request, owners) || !fits(request, asked)) continue;
      if (waiting.requests.length < mostWaiting) waiting.requests.push(request);
      else waiting.lost++;
    }
    wake.wake();
  });
  try {
    while (!signal.aborted) {
      await wake.next();
      const { requests, lost } = waiting;
      waiting.requests = [];
      waiting.lost = 0;
      for (const request of requests) {
        if (signal.aborted) return;
        yield { type: "request.ended", data: toRequestRow(request) };
      }
      if (lost > 0)
        yield { type: "feed.gap", data: { reason: `${lost} calls ended faster than they were read.` } };
    }
  } finally {
    stop();
  }
}

function fits(request: LoggedRequest, asked: Input): boolean {
  const { model, integration, principal, status, error_code, min_duration_ms } = asked;
  const { last, refused } = request;
  return (
    (model === undefined || request.requestedModel === model || last?.upstreamModel === model) &&
    (integration === undefined || last?.integration === integration) &&
    (principal === undefined || request.principal === principal) &&
    (status === undefined || request.status === status) &&
    (error_code === undefined || (last?.errorCode ?? refused?.errorCode) === error_code) &&
    (min_duration_ms === undefined || request.durationMs >= min_duration_ms)
  );
}
