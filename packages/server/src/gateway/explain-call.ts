import {
  type AttemptNotes,
  type CandidateNote,
  type CandidateVerdict,
  formatNotes,
} from "../core/attempt-notes.ts";
import { type CallStages, packStages, toMicroseconds } from "../core/call-stages.ts";
import type { RefusedCall } from "../core/refused-call.ts";
import type { Route } from "../core/routes.ts";
import { statusOf } from "../core/error-status.ts";
import type { Operation, PlatformError } from "@llm-platform/kit";
import type { AttemptRecord } from "./attempt-record.ts";
import type { GatewayCall } from "./gateway-call.ts";
import { isTooSmall, type Target } from "./targets.ts";

/** What explains an attempt, as its record has it. */
export interface Explained {
  readonly beforeMs: number | null;
  readonly stages: number | null;
  readonly headUs: number | null;
  readonly notes: string | null;
}

/** What is known when an attempt has ended. Of an attempt without anything odd it is two numbers. */
export function explainAttempt(record: AttemptRecord): Explained {
  const { call } = record;
  const isFirst = record.open.start.attempt === 1;
  const stages = isFirst ? stagesOf(call) : undefined;
  const packed = stages === undefined ? undefined : packStages(stages);
  const beforeMs = Math.round(call.preludeMs + record.startedAtMs - call.startedAtMs);
  return {
    beforeMs: beforeMs === 0 ? null : beforeMs,
    stages: packed ?? null,
    headUs: record.headAtMs === 0 ? null : toMicroseconds(record.headAtMs - record.startedAtMs),
    notes: notesOf({
      stages: packed === undefined ? stages : undefined,
      queueUs: isFirst ? queueUsOf(call) : undefined,
      connectUs: record.connectMs === 0 ? undefined : toMicroseconds(record.connectMs),
      recordUs: record.heldMs === 0 ? undefined : toMicroseconds(record.heldMs),
      candidates: record.candidates,
    }),
  };
}

/** A call that ended without a reply. */
export function explainRefusal(call: GatewayCall, error: PlatformError, nowMs: number): RefusedCall {
  const stages = call.attempts === 0 ? stagesOf(call) : undefined;
  const packed = stages === undefined ? undefined : packStages(stages);
  const durationMs = Math.round(call.preludeMs + nowMs - call.startedAtMs);
  return {
    requestId: call.id,
    startedAtMs: Date.now() - durationMs,
    durationMs,
    principal: call.principal.name,
    operation: call.operation,
    requestedModel: call.head.model,
    stream: call.stream,
    attempts: call.attempts,
    httpStatus: statusOf(error.code),
    errorCode: error.code,
    message: error.message,
    stages: packed ?? null,
    notes: notesOf({
      stages: packed === undefined ? stages : undefined,
      queueUs: call.attempts === 0 ? queueUsOf(call) : undefined,
      candidates: call.candidates,
    }),
  };
}

/** A request that became no call. */
export interface UnopenedCall {
  readonly id: string;
  readonly principal: { readonly name: string };
  readonly operation: Operation;
  /** Monotonic. */
  readonly arrivedAtMs: number;
}

/** The same of a request that could not be read: which model it names is not known. */
export function explainUnopened(
  { id, principal, operation, arrivedAtMs }: UnopenedCall,
  error: PlatformError,
  nowMs: number,
): RefusedCall {
  const durationMs = Math.round(nowMs - arrivedAtMs);
  return {
    requestId: id,
    startedAtMs: Date.now() - durationMs,
    durationMs,
    principal: principal.name,
    operation,
    requestedModel: "",
    stream: false,
    attempts: 0,
    httpStatus: statusOf(error.code),
    errorCode: error.code,
    message: error.message,
    stages: null,
    notes: null,
  };
}

/** Candidates of a choice: `chosen` is undefined where none could be asked. */
export function noteCandidates(
  call: GatewayCall,
  so: {
    readonly targetOf: (id: string) => Target | undefined;
    readonly chosen: Target | undefined;
    readonly isLeastBad: boolean;
    readonly nowMs: number;
  },
): readonly CandidateNote[] {
  const note = (id: string, verdict: CandidateVerdict): CandidateNote => ({
    target: id,
    verdict,
    breaker: so.targetOf(id)?.breaker.state(so.nowMs) ?? "closed",
    share: call.route === undefined ? null : shareOf(call.route, id),
  });
  return [
    ...call.closedTargets.map((id) => note(id, "no_budget")),
    ...call.targets.map((id) => note(id, judge(call, id, so))),
  ];
}

function judge(
  call: GatewayCall,
  id: string,
  { targetOf, chosen, isLeastBad, nowMs }: Parameters<typeof noteCandidates>[1],
): CandidateVerdict {
  const target = targetOf(id);
  if (target === undefined) return "not_offered";
  if (target === chosen) return isLeastBad ? "least_bad" : "chosen";
  if (target.platform === undefined) return "not_running";
  if (target.breaker.state(nowMs) !== "closed") return "open_breaker";
  if (call.triedTargets.includes(id)) return "tried_before";
  return isTooSmall(target, call.outgrown) ? "context_too_small" : "not_needed";
}

/** Its part of the calls among the route's targets; null for a fallback. */
export function shareOf(route: Route, id: string): number | null {
  const own = route.targets.find((target) => target.id === id);
  if (own === undefined) return null;
  const total = route.targets.reduce((sum, { weight }) => sum + weight, 0);
  return total === 0 ? 0 : Math.round((own.weight / total) * 1_000) / 1_000;
}

function stagesOf(call: GatewayCall): CallStages {
  const { admittedAtMs, startedAtMs, sentAtMs, queuedMs } = call;
  return {
    authUs: call.authUs,
    receiveUs: call.receiveUs,
    parseUs: call.parseUs,
    limitsUs: admittedAtMs === 0 ? 0 : toMicroseconds(admittedAtMs - startedAtMs - queuedMs),
    routeUs: sentAtMs === 0 ? 0 : toMicroseconds(sentAtMs - admittedAtMs),
  };
}

function queueUsOf({ queuedMs }: GatewayCall): number | undefined {
  return queuedMs === 0 ? undefined : toMicroseconds(queuedMs);
}

/** Asked for each attempt: most have nothing to say, and cost nothing. */
function notesOf(notes: AttemptNotes): string | null {
  const { stages, queueUs, connectUs, recordUs, candidates } = notes;
  const isPlain =
    stages === undefined &&
    queueUs === undefined &&
    connectUs === undefined &&
    recordUs === undefined &&
    candidates === undefined;
  return isPlain ? null : formatNotes(notes);
}
