/** What kind of failure a call ended with, as far as a caller has to act on it. */
export type ClientErrorKind = "usage" | "auth" | "not_found" | "unavailable" | "failed";

/** A call to the platform failed. */
export class ClientError extends Error {
  readonly kind: ClientErrorKind;
  /** HTTP status, or undefined when no answer came. */
  readonly status: number | undefined;
  readonly code: string | undefined;
  readonly requestId: string | undefined;
  /** What is wrong with single fields of the input. */
  readonly problems: readonly FieldProblem[];

  constructor(kind: ClientErrorKind, message: string, details: ClientErrorDetails = {}) {
    super(message, { cause: details.cause });
    this.name = "ClientError";
    this.kind = kind;
    this.status = details.status;
    this.code = details.code;
    this.requestId = details.requestId;
    this.problems = details.problems ?? [];
  }
}

export interface ClientErrorDetails {
  readonly status?: number;
  readonly code?: string | undefined;
  readonly requestId?: string | undefined;
  readonly problems?: readonly FieldProblem[];
  readonly cause?: unknown;
}

/** What is wrong with a field. */
export interface FieldProblem {
  /** Its place, with dots between the parts. */
  readonly field: string;
  readonly message: string;
}

/** Reads an answer with an error status, in OpenAI's envelope or as problem details. */
export async function toClientError(response: Response): Promise<ClientError> {
  const text = await response.text();
  const { message, code, problems } = readMessage(text);
  const requestId = response.headers.get("x-request-id") ?? undefined;
  return new ClientError(
    kindOf(response.status),
    message ?? `The server answered with status ${response.status}.`,
    {
      status: response.status,
      code,
      requestId,
      problems,
    },
  );
}

function kindOf(status: number): ClientErrorKind {
  if (status === 401 || status === 403) return "auth";
  if (status === 404) return "not_found";
  if (status === 408 || status === 502 || status === 503 || status === 504 || status === 429)
    return "unavailable";
  return "failed";
}

function readMessage(text: string): {
  readonly message: string | undefined;
  readonly code: string | undefined;
  readonly problems: readonly FieldProblem[];
} {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Not one of the platform's own envelopes; the status has to do.
    return { message: undefined, code: undefined, problems: [] };
  }
  const error = member(value, "error") ?? value;
  return {
    message: textMember(error, "message") ?? textMember(error, "detail"),
    code: textMember(error, "code") ?? textMember(error, "title"),
    problems: readProblems(member(value, "errors")),
  };
}

/** Of problem details; a JSON Pointer becomes a place with dots. */
function readProblems(errors: unknown): readonly FieldProblem[] {
  if (!Array.isArray(errors)) return [];
  return errors.flatMap((each: unknown) => {
    const pointer = textMember(each, "pointer");
    const message = textMember(each, "detail");
    if (pointer === undefined || message === undefined) return [];
    return [{ field: pointer.replace(/^#?\//, "").replaceAll("/", "."), message }];
  });
}

function member(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null
    ? Object.entries(value).find(([name]) => name === key)?.[1]
    : undefined;
}

function textMember(value: unknown, key: string): string | undefined {
  const found = member(value, key);
  return typeof found === "string" ? found : undefined;
}
