import type { IncomingMessage, ServerResponse } from "node:http";
import { PlatformError, toPlatformError } from "@llm-platform/kit";
import type { ExecutionResult } from "graphql";
import { statusOf } from "../../core/error-status.ts";
import { newRequestId } from "../../wire/request-id.ts";
import { errorHeaders } from "../error-envelope.ts";
import { readWholeBody } from "../read-body.ts";
import { writeEventStream } from "./event-stream.ts";
import { type CallerParts, openCaller, withoutBasic } from "./graph-caller.ts";
import { showRefusal, type ShownResult, showResult } from "./graph-errors.ts";
import { type GraphiqlPage, sendPage } from "./graphiql-page.ts";
import { parseGraphRequest } from "./graph-request.ts";
import { follow, type GraphServer, type ReadyRequest } from "./graph-server.ts";
import { explorePermission } from "./mount.ts";
import { type AnswerForm, anyForm, chooseForm, wantsPage } from "./media-types.ts";
import { StatusError } from "./status-error.ts";
import type { PersistedOperations } from "./persisted-operations.ts";

export interface HttpHandlerParts extends CallerParts {
  readonly server: GraphServer;
  readonly persisted: PersistedOperations;
  /** Makes the page on which people write requests. */
  page(): Promise<GraphiqlPage>;
  /** Aborted when the surface stops. */
  readonly stopping: AbortSignal;
}

/** One request over HTTP, and where it is answered. */
interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly peer: string;
}

const maxBodyBytes = 1024 * 1024;
const methods = "GET, POST";

/** Answers a request to `/graphql` (GraphQL over HTTP). Resolves when it is answered. Does not reject. */
export async function handleHttp(parts: HttpHandlerParts, exchange: Exchange): Promise<void> {
  const { request, response } = exchange;
  const form = chooseForm(request.headers.accept);
  try {
    if (request.method === "GET" || request.method === "HEAD") await servePage(parts, exchange);
    else if (request.method === "POST") await serveRequest(parts, exchange, form);
    else throw wrongMethod(response, `${request.method} is not possible here. Use POST.`, methods);
  } catch (thrown) {
    const error = toPlatformError(thrown);
    answerRefusal(exchange, error, { form: form ?? anyForm, parts });
  }
}

/** Documents are never asked by GET: what is asked so is asked by any page that has a link. */
async function servePage(parts: HttpHandlerParts, { request, response, peer }: Exchange): Promise<void> {
  if (/[?&](?:query|documentId|extensions)=/.test(request.url ?? ""))
    throw wrongMethod(response, "Documents are asked by POST alone.", "POST");
  if (!wantsPage(request.headers.accept)) throw notAcceptable("text/html");
  const caller = await openCaller(parts, { request, peer }, withoutBasic(request.headers));
  const { auditor } = parts;
  if (caller.unknownCaller !== undefined) throw caller.unknownCaller;
  auditor.require(caller, "graphql.page", explorePermission);
  sendPage(response, await parts.page(), caller.requestId);
}

async function serveRequest(
  parts: HttpHandlerParts,
  { request, response, peer }: Exchange,
  form: AnswerForm | undefined,
): Promise<void> {
  requireJson(request);
  if (form === undefined) throw notAcceptable("application/graphql-response+json or application/json");
  const caller = await openCaller(parts, { request, peer }, withoutBasic(request.headers));
  response.setHeader("x-request-id", caller.requestId);
  const gone = new AbortController();
  response.once("close", () => gone.abort());
  const signal = AbortSignal.any([gone.signal, parts.stopping]);
  const body = await readWholeBody(request, maxBodyBytes);
  const { server } = parts;
  const ready = server.prepare(parseGraphRequest(body, parts.persisted), caller, signal);
  if ("fault" in ready)
    answerFault(response, showResult({ errors: ready.errors }, server.errorParts(caller)), {
      form,
      fault: ready.fault,
    });
  else if (form.isStream) await answerStream(server, ready, { response, signal });
  else if (ready.kind === "subscription")
    throw notAcceptable("text/event-stream, or ask over a WebSocket: a subscription has many answers");
  else {
    const result = showResult(await server.run(ready), ready.errors);
    // Without data nothing was run: variables did not fit.
    if (result.data === undefined) answerFault(response, result, { form, fault: "invalid" });
    else send(response, 200, { form, result });
  }
}

async function answerStream(
  server: GraphServer,
  ready: ReadyRequest,
  { response, signal }: { readonly response: ServerResponse; readonly signal: AbortSignal },
): Promise<void> {
  const followed = ready.kind === "subscription" ? await follow(ready.args) : await server.run(ready);
  response.writeHead(200, {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-cache, no-transform",
    "x-accel-buffering": "no",
  });
  const results = Symbol.asyncIterator in followed ? followed : once(followed);
  await writeEventStream(response, { results, errors: ready.errors, signal });
}

async function* once(result: ExecutionResult): AsyncGenerator<ExecutionResult, void> {
  yield result;
}

/** What a page of another origin can send without being asked first is no JSON, and so is refused. */
function requireJson({ headers }: IncomingMessage): void {
  const type = headers["content-type"]?.split(";")[0]?.trim().toLowerCase();
  if (type === "application/json" && !/charset=(?!"?utf-8)/i.test(headers["content-type"] ?? "")) return;
  const isForm = type === "multipart/form-data";
  throw new PlatformError(
    isForm ? "invalid_request" : "unsupported_media_type",
    "The body must be application/json, in UTF-8. Forms and files are not taken here.",
    { field: "content-type" },
  );
}

const statusOfFault = { syntax: 400, invalid: 422 } as const;

function answerFault(
  response: ServerResponse,
  result: ShownResult,
  { form, fault }: { readonly form: AnswerForm; readonly fault: keyof typeof statusOfFault },
): void {
  send(response, form.isLegacy ? 200 : statusOfFault[fault], { form, result });
}

/** A request that was not looked into any further. Its status is told to every client. */
function answerRefusal(
  { request, response }: Exchange,
  error: PlatformError,
  { form, parts }: { readonly form: AnswerForm; readonly parts: HttpHandlerParts },
): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const known = response.getHeader("x-request-id");
  const requestId = typeof known === "string" ? known : newRequestId();
  const headers = errorHeaders(error, requestId);
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  // Who opens the page in a browser is asked there: any name, and a key or a token for the password.
  if (error.code === "unauthenticated" && request.method === "GET")
    response.appendHeader("www-authenticate", 'Basic realm="llm-platform", charset="UTF-8"');
  const shown = form.isStream ? anyForm : form;
  const result = showRefusal(error, parts.server.errorParts({ requestId }));
  send(response, error instanceof StatusError ? error.status : statusOf(error.code), { form: shown, result });
}

function send(
  response: ServerResponse,
  status: number,
  { form, result }: { readonly form: AnswerForm; readonly result: ShownResult },
): void {
  const body = JSON.stringify(result);
  response.writeHead(status, {
    "content-type": form.isStream ? anyForm.contentType : form.contentType,
    "content-length": Buffer.byteLength(body),
    "cache-control": "no-store",
  });
  response.end(body);
}

function notAcceptable(possible: string): PlatformError {
  return new StatusError(406, `The answer can be ${possible}. Name it in \`accept\`.`);
}

function wrongMethod(response: ServerResponse, message: string, allow: string): PlatformError {
  response.setHeader("allow", allow);
  return new PlatformError("method_not_allowed", message);
}
