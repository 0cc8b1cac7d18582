import type { FetchOptions } from "@llm-platform/kit";
import type { Operation } from "./control/operation.ts";
import type { EndedQuery } from "./store/query-watch.ts";
import { workAttributes } from "./telemetry/tracing/attribute-names.ts";
import type { Attributes } from "./telemetry/tracing/span.ts";
import type { WorkSpans } from "./telemetry/tracing/work-spans.ts";

const longestQuery = 1_000;
const longestName = 128;
const mostAttributes = 32;
const attributeName = /^[\x21-\x7e]{1,100}$/;
const longestAttribute = 1_000;

/** The same operations, each within a span, whatever protocol asks for it. */
export function traceOperations(operations: readonly Operation[], spans: WorkSpans): readonly Operation[] {
  return operations.map((operation) => ({
    ...operation,
    run: (input, context) =>
      spans.run(
        {
          name: operation.name,
          kind: "server",
          attributes: {
            [workAttributes.operation]: operation.name,
            [workAttributes.principal]: context.principal.name,
            [workAttributes.requestId]: context.requestId,
          },
          traceparent: context.traceparent,
        },
        () => operation.run(input, context),
      ),
  }));
}

/** A query of the database, by its text without the values in it. */
export function noteQuery(spans: WorkSpans, { sql, durationMs, hasFailed }: EndedQuery): void {
  const operation = /^\w+/.exec(sql)?.[0].toLowerCase() ?? "query";
  spans.note({
    name: `database ${operation}`,
    kind: "client",
    attributes: {
      [workAttributes.databaseOperation]: operation,
      [workAttributes.databaseQuery]: sql.slice(0, longestQuery),
    },
    durationMs,
    error: hasFailed ? "The query failed." : undefined,
  });
}

/** A command of Redis; which one it was nobody knows here. */
export function noteRedisCommand(
  spans: WorkSpans,
  { durationMs, hasFailed }: { readonly durationMs: number; readonly hasFailed: boolean },
): void {
  spans.note({
    name: "redis command",
    kind: "client",
    attributes: { [workAttributes.databaseSystem]: "redis" },
    durationMs,
    error: hasFailed ? "Redis did not answer in time, or with an error." : undefined,
  });
}

/** A control call of an integration. What stands in the address beside its host may be a secret, and is not told. */
export function traceFetch(
  spans: WorkSpans,
  call: { readonly integration: string; readonly url: string; readonly options: FetchOptions | undefined },
  send: (url: string, options?: FetchOptions) => Promise<Response>,
): Promise<Response> {
  const method = call.options?.method ?? "GET";
  const url = URL.parse(call.url);
  return spans.run(
    {
      name: `${method} ${call.integration}`,
      kind: "client",
      attributes: {
        [workAttributes.method]: method,
        [workAttributes.integration]: call.integration,
        [workAttributes.serverAddress]: url?.hostname,
        [workAttributes.serverPort]: url === null || url.port === "" ? undefined : Number(url.port),
      },
    },
    () => send(call.url, call.options),
    ({ status }) => ({ [workAttributes.statusCode]: status }),
  );
}

/** What an integration calls a piece of its work. */
export function traceIntegrationWork<Result>(
  spans: WorkSpans,
  work: { readonly integration: string; readonly name: string; readonly attributes: Attributes | undefined },
  action: () => Promise<Result>,
): Promise<Result> {
  const { integration, name, attributes = {} } = work;
  const own = Object.entries(attributes)
    .filter(([key]) => attributeName.test(key))
    .slice(0, mostAttributes)
    .map(
      ([key, value]) => [key, typeof value === "string" ? value.slice(0, longestAttribute) : value] as const,
    );
  return spans.run(
    {
      name: name.slice(0, longestName),
      kind: "internal",
      attributes: { ...Object.fromEntries(own), [workAttributes.integration]: integration },
    },
    action,
  );
}
