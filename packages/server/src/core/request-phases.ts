import { parseNotes } from "./attempt-notes.ts";
import { type CallStages, unpackStages } from "./call-stages.ts";
import type { LedgerRecord } from "./ledger-record.ts";
import type { RefusedCall } from "./refused-call.ts";

/** What the time of a call went to, in the order in which it comes. */
export const phaseNames = [
  /** To find out who calls. */
  "auth",
  /** To get the rest of the request. */
  "receive",
  /** To read what is asked of which model. */
  "parse",
  /** In the queue, for want of room. */
  "queue",
  /** To ask the limits and budgets. */
  "limits",
  /** To choose where it goes, and to write the request for there. */
  "route",
  /** Between two attempts. */
  "back_off",
  /** To connect to the upstream. */
  "connect",
  /** Until the head of the upstream's answer was there. */
  "first_byte",
  /** From then until the first content. */
  "first_content",
  /** Until the beginning of the attempt was on record. */
  "record",
  /** From then, or from the head of a reply in one piece, to the end. */
  "stream",
] as const;

export type PhaseName = (typeof phaseNames)[number];

/** One stretch of a call's time. Times are whole microseconds. */
export interface RequestPhase {
  readonly name: PhaseName;
  /** Of which attempt, from 1; null for what comes before them and between them. */
  readonly attempt: number | null;
  /** From the arrival of the call. */
  readonly startUs: number;
  readonly durationUs: number;
}

export interface RequestTimes {
  readonly totalUs: number;
  /** They follow on each other; what took no time is left out. */
  readonly phases: readonly RequestPhase[];
}

/** @param attempts in their order */
export function toRequestTimes(
  attempts: readonly LedgerRecord[],
  refused: RefusedCall | undefined,
): RequestTimes {
  const line = new TimeLine();
  const [first] = attempts;
  if (first !== undefined) {
    addPrelude(line, first);
    for (const attempt of attempts) addAttempt(line, attempt, first);
    return { totalUs: line.atUs, phases: line.phases };
  }
  if (refused !== undefined) addPrelude(line, refused);
  return { totalUs: Math.max(line.atUs, (refused?.durationMs ?? 0) * 1_000), phases: line.phases };
}

function addPrelude(line: TimeLine, { stages, notes }: Pick<LedgerRecord, "stages" | "notes">): void {
  const { queueUs, stages: long } = parseNotes(notes);
  const spent: Partial<CallStages> = long ?? (stages === null ? {} : unpackStages(stages));
  line.add("auth", null, spent.authUs);
  line.add("receive", null, spent.receiveUs);
  line.add("parse", null, spent.parseUs);
  line.add("queue", null, queueUs);
  line.add("limits", null, spent.limitsUs);
  line.add("route", null, spent.routeUs);
}

function addAttempt(line: TimeLine, record: LedgerRecord, first: LedgerRecord): void {
  const { attempt, notes, headUs } = record;
  const { connectUs = 0, recordUs = 0 } = parseNotes(notes);
  if (attempt > 1) {
    const startUs = ((record.beforeMs ?? 0) - (first.beforeMs ?? 0)) * 1_000 + line.firstAttemptUs;
    line.add("back_off", null, startUs - line.atUs);
  } else line.firstAttemptUs = line.atUs;
  const totalUs = record.durationMs * 1_000;
  const connected = Math.min(connectUs, headUs ?? totalUs);
  const head = Math.max(connected, headUs ?? totalUs);
  line.add("connect", attempt, connected);
  line.add("first_byte", attempt, head - connected);
  if (headUs === null) return;
  const restUs = Math.max(0, totalUs - head);
  // Of a reply in one piece the first content is its end.
  const contentUs =
    record.stream && record.firstByteMs !== null
      ? Math.min(restUs, Math.max(0, record.firstByteMs * 1_000 - head))
      : 0;
  const held = Math.min(recordUs, restUs - contentUs);
  line.add("first_content", attempt, contentUs);
  line.add("record", attempt, held);
  line.add("stream", attempt, restUs - contentUs - held);
}

class TimeLine {
  readonly phases: RequestPhase[] = [];
  /** Where the last phase ends. */
  atUs = 0;
  firstAttemptUs = 0;

  add(name: PhaseName, attempt: number | null, durationUs = 0): void {
    if (durationUs <= 0) return;
    this.phases.push({ name, attempt, startUs: this.atUs, durationUs });
    this.atUs += durationUs;
  }
}
