import { type Json, PlatformError, toPlatformError } from "@llm-platform/kit";
import { type AuditActor, type AuditEntry, type AuditTarget, platformEntry } from "../core/audit-record.ts";
import { type Permission, requirePermission } from "../core/permissions.ts";
import type { Principal } from "../core/principal.ts";
import { boundShown } from "../core/shown-value.ts";
import { SlidingWindow } from "../core/sliding-window.ts";
import type { AuditLog } from "../store/audit-log.ts";

/** Who makes a call of the management API, and from where. */
export interface Caller {
  /** Undefined for one that is not known. */
  readonly principal: Principal | undefined;
  /** Of the other end of the connection; undefined when it has gone already. */
  readonly address: string | undefined;
  readonly requestId: string;
}

/** A change that is about to be made. */
export interface Intent {
  readonly operation: string;
  readonly caller: Caller;
  readonly target: AuditTarget;
  /** How it is now, without secrets. */
  readonly before: Json;
  /** What is asked for, without secrets. */
  readonly asked: Json;
}

/** A change that was made. */
export interface Made<Result> {
  readonly result: Result;
  readonly target: AuditTarget;
  /** How it is now, without secrets. */
  readonly after: Json;
}

/** Somebody was refused. */
export interface Refusal {
  readonly operation: string;
  readonly error: PlatformError;
  /** Default: none is known. */
  readonly target?: AuditTarget | undefined;
}

/** Puts on record what is changed, and who was refused. */
export interface Auditor {
  /**
   * Makes a change between two records: that it is about to be made, and what came of it.
   * Rejects with PlatformError `audit_unavailable`, and nothing was changed, when the first cannot be written.
   */
  change<Result>(intent: Intent, make: () => Promise<Made<Result>>): Promise<Result>;
  /** Throws PlatformError `forbidden`, and has it on record. */
  require(
    caller: Caller & { readonly principal: Principal },
    operation: string,
    permission: Permission,
  ): void;
  /** Has a refusal on record, soon. Of more than sixty a minute only the count is. */
  noteRefusal(caller: Caller, refusal: Refusal): void;
  /** Has on record, soon, what has happened to something, and cannot be made to happen often. */
  noteLoss(caller: Caller, operation: string, target: AuditTarget): void;
}

export interface AuditorParts {
  readonly audit: Pick<AuditLog, "append" | "appendOrKeep">;
  /** Wall time. */
  readonly nowMs: () => number;
}

/** A flood of refused calls fills neither the disk nor the time of those who read. */
const refusalsPerMinute = 60;
const tellOmittedAfterMs = 60_000;

const anonymous: AuditActor = { id: "anonymous", name: "anonymous", kind: "anonymous", userId: null };

export function createAuditor({ audit, nowMs }: AuditorParts): Auditor {
  const refusals = new SlidingWindow(refusalsPerMinute);
  const state = { omitted: 0 };

  function tellOmitted(): void {
    const { omitted } = state;
    state.omitted = 0;
    void audit.appendOrKeep(
      platformEntry("audit.refusals_omitted", nowMs(), { outcome: "refused", after: { refusals: omitted } }),
    );
  }

  function noteRefusal(caller: Caller, { operation, error, target }: Refusal): void {
    const now = nowMs();
    if (refusals.waitMs(1, now) === 0) {
      refusals.take(1, now);
      const facts = { operation, caller, target: target ?? null, before: null };
      void audit.appendOrKeep(toEntry(facts, nowMs(), { outcome: "refused", errorCode: error.code }));
      return;
    }
    if (state.omitted === 0) setTimeout(tellOmitted, tellOmittedAfterMs).unref();
    state.omitted++;
  }

  return {
    noteRefusal,
    noteLoss(caller, operation, target) {
      const facts = { operation, caller, target, before: null };
      void audit.appendOrKeep(toEntry(facts, nowMs(), { outcome: "failed" }));
    },
    require(caller, operation, permission) {
      try {
        requirePermission(caller.principal, permission);
      } catch (error) {
        if (error instanceof PlatformError) noteRefusal(caller, { operation, error });
        throw error;
      }
    },
    async change(intent, make) {
      try {
        await audit.append(toEntry(intent, nowMs(), { outcome: "started", after: intent.asked }));
      } catch (thrown) {
        const { code } = toPlatformError(thrown);
        void audit.appendOrKeep(toEntry(intent, nowMs(), { outcome: "failed", errorCode: code }));
        throw thrown;
      }
      try {
        const { result, target, after } = await make();
        await audit.appendOrKeep(toEntry({ ...intent, target }, nowMs(), { outcome: "ok", after }));
        return result;
      } catch (thrown) {
        const { code } = toPlatformError(thrown);
        const outcome = code === "forbidden" ? "refused" : "failed";
        await audit.appendOrKeep(toEntry(intent, nowMs(), { outcome, errorCode: code }));
        throw thrown;
      }
    },
  };
}

function toEntry(
  {
    caller,
    operation,
    target,
    before,
  }: Pick<Intent, "caller" | "operation" | "before"> & {
    readonly target: AuditTarget | null;
  },
  timeMs: number,
  { outcome, errorCode = null, after = null }: Pick<AuditEntry, "outcome"> & Partial<AuditEntry>,
): AuditEntry {
  const { principal, address = null, requestId } = caller;
  return {
    timeMs,
    actor: principal === undefined ? anonymous : toActor(principal),
    address,
    requestId,
    operation,
    target,
    outcome,
    errorCode,
    before: boundShown(before),
    after: boundShown(after),
  };
}

function toActor({ id, name, kind, userId }: Principal): AuditActor {
  return { id, name, kind, userId: userId ?? null };
}
