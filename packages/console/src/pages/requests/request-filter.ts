import type { OperationInput, OperationOutput } from "@llm-platform/client";

export type RequestRow = OperationOutput<"requests.list">["requests"][number];

export const statuses = ["ok", "failed", "refused", "cancelled"] as const;
export const sorts = ["time", "duration", "cost"] as const;
export const spans = ["hour", "day", "week"] as const;

/** What a reader asked for, as the address of the page has it. */
export interface Wanted {
  readonly search: string;
  readonly status: (typeof statuses)[number] | "";
  readonly integration: string;
  readonly span: (typeof spans)[number] | "";
  readonly sort: (typeof sorts)[number];
}

const spanMs: Readonly<Record<(typeof spans)[number], number>> = {
  hour: 3_600_000,
  day: 86_400_000,
  week: 604_800_000,
};

/** The operation takes no shorter text. */
const minSearchLength = 2;

/** Ignores what an address has that is none of the choices. */
export function readWanted(parameters: URLSearchParams): Wanted {
  const chosen = <Value extends string>(name: string, values: readonly Value[]): Value | undefined =>
    values.find((value) => value === parameters.get(name));
  return {
    search: parameters.get("search") ?? "",
    status: chosen("status", statuses) ?? "",
    integration: parameters.get("integration") ?? "",
    span: chosen("span", spans) ?? "",
    sort: chosen("sort", sorts) ?? "time",
  };
}

/** @param nowMs since the epoch, where the span of time ends */
export function toQuestion(
  { search, status, integration, span, sort }: Wanted,
  nowMs: number,
): OperationInput<"requests.list"> {
  const text = search.trim();
  return {
    sort,
    limit: 200,
    ...(text.length < minSearchLength ? {} : { search: text }),
    ...(status === "" ? {} : { status }),
    ...(integration === "" ? {} : { integration }),
    ...(span === "" ? {} : { from: new Date(nowMs - spanMs[span]).toISOString() }),
  };
}

/** Whether a call that just ended is one of those asked for; the server tells of all that the reader may see. */
export function isWanted(request: RequestRow, { search, status, integration }: Wanted): boolean {
  const text = search.trim().toLowerCase();
  const names = [request.requested_model, request.upstream_model ?? "", request.principal];
  return (
    (status === "" || request.status === status) &&
    (integration === "" || request.integration === integration) &&
    (text.length < minSearchLength ||
      request.id.toLowerCase().startsWith(text) ||
      names.some((name) => name.toLowerCase().includes(text)))
  );
}
