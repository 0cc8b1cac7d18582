import { type PlatformError, toPlatformError } from "@llm-platform/kit";
import {
  type ExecutionResult,
  type FormattedExecutionResult,
  GraphQLError,
  type GraphQLFormattedError,
} from "graphql";

/** What the log is told of an error that the caller is not told of. */
export type NoteFault = (error: PlatformError) => void;

/** An answer as it goes out: data as far as there is any, and errors in the platform's words. */
export type ShownResult = FormattedExecutionResult;

export interface ErrorParts {
  readonly requestId: string;
  readonly noteFault: NoteFault;
}

/** What was found, in GraphQL's own words. */
export interface Found {
  readonly data?: ExecutionResult["data"] | undefined;
  readonly errors?: readonly GraphQLError[] | undefined;
}

export function showResult({ data, errors }: Found, parts: ErrorParts): ShownResult {
  return {
    ...(errors === undefined ? {} : { errors: errors.map((error) => showGraphError(error, parts)) }),
    ...(data === undefined ? {} : { data }),
  };
}

/** A refusal of a whole request. */
export function showRefusal(error: PlatformError, { requestId, noteFault }: ErrorParts): ShownResult {
  if (error.code === "internal") noteFault(error);
  return { errors: [{ message: error.message, extensions: extensionsOf(error, requestId) }] };
}

/** An error of GraphQL's own is about the request; one of a field's is the platform's, or is not told. */
export function showGraphError(error: GraphQLError, parts: ErrorParts): GraphQLFormattedError {
  const { message, locations, path } = error.toJSON();
  const place = {
    ...(locations === undefined ? {} : { locations }),
    ...(path === undefined ? {} : { path }),
  };
  const cause = causeOf(error);
  if (cause === undefined)
    return { message, ...place, extensions: { code: "invalid_request", requestId: parts.requestId } };
  const fault = toPlatformError(cause);
  if (fault.code === "internal") parts.noteFault(fault);
  return { message: fault.message, ...place, extensions: extensionsOf(fault, parts.requestId) };
}

/** What made a field fail; undefined for an error of GraphQL's own. */
function causeOf(error: GraphQLError): unknown {
  const cause = error.cause ?? error.originalError;
  return cause instanceof GraphQLError ? causeOf(cause) : (cause ?? undefined);
}

/** An error as libraries of GraphQL pass it on. */
export function toGraphError(thrown: unknown): GraphQLError {
  const cause = toPlatformError(thrown);
  return new GraphQLError(cause.message, { cause });
}

function extensionsOf(error: PlatformError, requestId: string): Readonly<Record<string, unknown>> {
  const { code, field, retryAfterMs, problems } = error;
  return {
    code,
    requestId,
    ...(field === undefined ? {} : { field: toFieldPath(field) }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(problems.length === 0
      ? {}
      : { problems: problems.map((each) => ({ field: toFieldPath(each.field), message: each.message })) }),
  };
}

/** The names of the graph for a place in the operation's input. */
function toFieldPath(field: string): string {
  return field.replaceAll(/_+([a-z0-9])/g, (_match, letter: string) => letter.toUpperCase());
}
