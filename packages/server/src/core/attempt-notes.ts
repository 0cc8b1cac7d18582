import type { BreakerState } from "./breaker.ts";
import type { CallStages } from "./call-stages.ts";

/** Why a candidate got an attempt, or got none. */
export const candidateVerdicts = [
  /** It was asked. */
  "chosen",
  /** It was asked though it keeps failing, because all that run do. */
  "least_bad",
  /** It keeps failing and is held back. */
  "open_breaker",
  /** Its integration does not run. */
  "not_running",
  /** No integration offers it. */
  "not_offered",
  /** The budget of its integration has no room for the call. */
  "no_budget",
  /** The call was tried there before. */
  "tried_before",
  /** The call did not fit into the window of another one, and its own is no larger. */
  "context_too_small",
  /** Another one before it in the order was asked. */
  "not_needed",
] as const;

export type CandidateVerdict = (typeof candidateVerdicts)[number];

/** One place where a call could have gone, at the moment of a choice. */
export interface CandidateNote {
  /** `integration/model`. */
  readonly target: string;
  readonly verdict: CandidateVerdict;
  readonly breaker: BreakerState;
  /** Its part of the calls among its equals, from 0 to 1; null for a fallback. */
  readonly share: number | null;
}

/** What explains an attempt beside its record. Most have none: one candidate, no queue, a connection that was there. */
export interface AttemptNotes {
  /** Where a stage took too long to be packed. */
  readonly stages?: CallStages | undefined;
  /** Time in a queue, in microseconds. */
  readonly queueUs?: number | undefined;
  /** Time to connect to the upstream, in microseconds; part of the time to its answer. */
  readonly connectUs?: number | undefined;
  /** Time that the first content was held until the beginning of the attempt was on record, in microseconds. */
  readonly recordUs?: number | undefined;
  /** In the order in which they stood; absent where there was but the one that was asked. */
  readonly candidates?: readonly CandidateNote[] | undefined;
}

type Packed = Readonly<Record<string, unknown>>;

/** As a short text, or null where there is nothing to say. */
export function formatNotes({
  stages,
  queueUs,
  connectUs,
  recordUs,
  candidates,
}: AttemptNotes): string | null {
  const packed: Record<string, unknown> = {};
  if (stages !== undefined)
    packed["s"] = [stages.authUs, stages.receiveUs, stages.parseUs, stages.limitsUs, stages.routeUs];
  if (queueUs !== undefined) packed["q"] = queueUs;
  if (connectUs !== undefined) packed["c"] = connectUs;
  if (recordUs !== undefined) packed["r"] = recordUs;
  if (candidates !== undefined)
    packed["d"] = candidates.map(({ target, verdict, breaker, share }) => [target, verdict, breaker, share]);
  for (const _name in packed) return JSON.stringify(packed);
  return null;
}

/** The same read back. What is not there, or cannot be read, is absent. */
export function parseNotes(text: string | null): AttemptNotes {
  const packed = readObject(text);
  if (packed === undefined) return {};
  return {
    stages: toStages(packed["s"]),
    queueUs: toNumber(packed["q"]),
    connectUs: toNumber(packed["c"]),
    recordUs: toNumber(packed["r"]),
    candidates: toCandidates(packed["d"]),
  };
}

function readObject(text: string | null): Packed | undefined {
  if (text === null) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...value } : undefined;
  } catch {
    // Written by a newer version, or cut: the record stands without it.
    return undefined;
  }
}

function toNumber(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}

function toStages(value: unknown): CallStages | undefined {
  if (!Array.isArray(value)) return undefined;
  const [authUs = 0, receiveUs = 0, parseUs = 0, limitsUs = 0, routeUs = 0] = value.map(Number);
  return { authUs, receiveUs, parseUs, limitsUs, routeUs };
}

function toCandidates(value: unknown): readonly CandidateNote[] | undefined {
  if (!Array.isArray(value)) return undefined;
  return value.flatMap((each: unknown) => toCandidate(each) ?? []);
}

function toCandidate(value: unknown): CandidateNote | undefined {
  if (!Array.isArray(value)) return undefined;
  const [target, word, state, share]: readonly unknown[] = value;
  const verdict = candidateVerdicts.find((each) => each === word);
  if (typeof target !== "string" || verdict === undefined) return undefined;
  const breaker = state === "open" || state === "half_open" ? state : "closed";
  return { target, verdict, breaker, share: typeof share === "number" ? share : null };
}
