import {
  type FetchOptions,
  type IntegrationContext,
  type Json,
  type JsonObject,
  PlatformError,
} from "@llm-platform/kit";

/** An answer larger than this is refused: no list or description of models comes near it. */
const maxAnswerBytes = 16 * 1024 * 1024;

/** The answer to a control call. */
export interface ControlAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** The body, or undefined when it is not JSON. */
  readonly json: Json | undefined;
}

interface ControlRequest {
  /** Path below the server's origin, beginning with a slash. */
  readonly path: string;
  /** Default `GET`, or `POST` when there is a body. */
  readonly method?: "GET" | "POST" | "PUT" | "DELETE";
  readonly body?: Json;
  readonly signal: AbortSignal;
  /** Default 10,000; 0 means only `signal` ends the call. */
  readonly deadlineMs?: number;
}

/** Asks a server for what is not a model call: lists, descriptions, health. */
export interface ControlClient {
  /** Rejects with PlatformError `upstream_malformed` when the answer is larger than 16 MiB. */
  ask(request: ControlRequest): Promise<ControlAnswer>;
  /** The same without reading the body. */
  open(request: ControlRequest): Promise<Response>;
}

interface ControlClientInput {
  readonly fetch: IntegrationContext<unknown>["fetch"];
  readonly origin: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Makes a client of one server on the host's guarded fetch. */
export function createControlClient(input: ControlClientInput): ControlClient {
  async function open(request: ControlRequest): Promise<Response> {
    return input.fetch(`${input.origin}${request.path}`, toFetchOptions(input, request));
  }
  async function ask(request: ControlRequest): Promise<ControlAnswer> {
    const response = await open(request);
    const text = await readText(response);
    return {
      status: response.status,
      headers: response.headers,
      json: parseJson(text),
    };
  }
  return { open, ask };
}

/**
 * The body of an answer that must be a JSON object.
 * Throws PlatformError for a status of failure, or `upstream_malformed` for another body.
 * @param what names the answer in a sentence, e.g. `the list of models`
 */
export function expectObject(answer: ControlAnswer, what: string): JsonObject {
  expectSuccess(answer, what);
  const { json } = answer;
  if (typeof json === "object" && json !== null && !isArray(json)) return json;
  throw new PlatformError("upstream_malformed", `The server gave ${what} in a form that is not understood.`);
}

/** Throws PlatformError when the server did not do what it was asked for. */
export function expectSuccess(answer: Pick<ControlAnswer, "status">, what: string): void {
  const { status } = answer;
  if (status >= 200 && status < 300) return;
  if (status === 401 || status === 403) {
    const message = `The server refused the credential for ${what} (status ${status}). Check the API key in the settings.`;
    throw new PlatformError("upstream_auth", message, {
      upstreamStatus: status,
    });
  }
  throw new PlatformError("upstream_error", `The server answered status ${status} when asked for ${what}.`, {
    upstreamStatus: status,
    isRetryable: status === 429 || status >= 500,
  });
}

function toFetchOptions(input: ControlClientInput, request: ControlRequest): FetchOptions {
  const { body, signal, deadlineMs, method = body === undefined ? "GET" : "POST" } = request;
  return {
    method,
    headers: body === undefined ? input.headers : { ...input.headers, "content-type": "application/json" },
    signal,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(deadlineMs === undefined ? {} : { deadlineMs }),
  };
}

async function readText(response: Response): Promise<string> {
  if (response.body === null) return "";
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body) {
    size += chunk.byteLength;
    if (size > maxAnswerBytes) {
      throw new PlatformError("upstream_malformed", "The server's answer is larger than 16 MiB.");
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function parseJson(text: string): Json | undefined {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON is a fact about the answer, which the caller judges together with its status.
    return undefined;
  }
}

function isArray(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
