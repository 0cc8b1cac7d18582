import { z } from "zod";
import type { LimitValues } from "../core/limits.ts";

const count = (most: number) => z.number().int().min(1).max(most);

/** Limits as a caller sets them. @param otherwise the setting that holds where they are absent, if one does */
export function limitInput(otherwise: string | undefined) {
  const absent = otherwise === undefined ? "Default: any number." : `Default: what \`${otherwise}\` says.`;
  return {
    requests_per_minute: count(1_000_000_000).optional().describe(`Calls a minute. ${absent}`),
    tokens_per_minute: count(1_000_000_000).optional().describe(`Tokens a minute. ${absent}`),
    max_concurrent: count(1_000_000).optional().describe(`Calls at once. ${absent}`),
  };
}

/** The same for a change: absent leaves a limit as it is, null takes it away. */
export const limitChange = {
  requests_per_minute: count(1_000_000_000).nullable().optional(),
  tokens_per_minute: count(1_000_000_000).nullable().optional(),
  max_concurrent: count(1_000_000).nullable().optional(),
};

/** Limits as they are shown. */
export const limitOutput = {
  requests_per_minute: z.number().nullable(),
  tokens_per_minute: z.number().nullable(),
  max_concurrent: z.number().nullable(),
};

export interface LimitFields {
  readonly requests_per_minute?: number | null | undefined;
  readonly tokens_per_minute?: number | null | undefined;
  readonly max_concurrent?: number | null | undefined;
}

export function toLimitValues(fields: LimitFields): LimitValues {
  return changeLimits(undefined, fields);
}

/** Limits after a change. */
export function changeLimits(limits: LimitValues | undefined, fields: LimitFields): LimitValues {
  return {
    requestsPerMinute: changed(limits?.requestsPerMinute, fields.requests_per_minute),
    tokensPerMinute: changed(limits?.tokensPerMinute, fields.tokens_per_minute),
    maxConcurrent: changed(limits?.maxConcurrent, fields.max_concurrent),
  };
}

/** The same; undefined where nothing is asked for. */
export function limitsAfter(limits: LimitValues | undefined, fields: LimitFields): LimitValues | undefined {
  if (Object.values(fields).every((field) => field === undefined)) return undefined;
  return changeLimits(limits, fields);
}

function changed(before: number | undefined, after: number | null | undefined): number | undefined {
  return after === undefined ? before : (after ?? undefined);
}

export function toLimitFields(limits: LimitValues): z.output<z.ZodObject<typeof limitOutput>> {
  return {
    requests_per_minute: limits.requestsPerMinute ?? null,
    tokens_per_minute: limits.tokensPerMinute ?? null,
    max_concurrent: limits.maxConcurrent ?? null,
  };
}
