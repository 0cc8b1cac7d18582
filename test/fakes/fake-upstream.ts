import type { Pace } from "./answer.ts";
import type { Fault } from "./fault.ts";
import { answerAnthropic } from "./anthropic-replies.ts";
import { applyFault } from "./fault-effects.ts";
import { createFaultScript, type FaultMatch } from "./fault-script.ts";
import type { ReceivedRequest } from "./http-exchange.ts";
import { createHttpServer } from "./http-server.ts";
import { answerOllama, createOllamaState } from "./ollama-replies.ts";
import { anthropicVoice, ollamaVoice, openAiVoice, type Voice } from "./voice.ts";
import { answerOpenAi } from "./openai-replies.ts";
import { type ProfileName, profileOf } from "./profiles.ts";
import type { Reply } from "./reply.ts";

export type { Fault } from "./fault.ts";
export type { FaultMatch } from "./fault-script.ts";
export type { ReceivedRequest } from "./http-exchange.ts";

/** How a fake upstream is to be. */
export type FakeUpstreamOptions = {
  readonly dialect: "openai" | "ollama" | "anthropic";
  /** Server family; only the OpenAI dialect has several. Default `openai`. */
  readonly profile?: ProfileName;
  /** Default `tiny-chat` and `tiny-embed`, with the tag `latest` in the Ollama dialect. */
  readonly models?: readonly string[];
  /** When given, requests need it as a bearer token, or as `x-api-key` in Anthropic's dialect. */
  readonly apiKey?: string;
  /** Port of 127.0.0.1; default 0, a free one. */
  readonly port?: number;
  readonly tokenDelayMs?: number;
  readonly firstTokenDelayMs?: number;
  /** Number of tokens of every answer, in place of the echo. */
  readonly chunks?: number;
  /** Context window of the Ollama dialect in tokens: longer prompts are cut without a word. Default 4096. */
  readonly numCtx?: number;
  /** How many requests are kept, the oldest go first. Default 10,000. */
  readonly keepRequests?: number;
};

/** Which request `nextRequest` waits for; every member that is given must match. */
export type RequestMatch = { readonly method?: string; readonly path?: string };

/** A real HTTP server that answers like a model server, and misbehaves as told. */
export type FakeUpstream = {
  /** `http://127.0.0.1:PORT`, the same after `listenOn()`. */
  readonly origin: string;
  readonly port: number;
  /** Every request in the order of arrival, probes included. */
  readonly requests: readonly ReceivedRequest[];
  /** Requests that came, also those no longer kept. */
  readonly totalRequests: number;
  readonly openConnections: number;
  readonly totalConnections: number;
  readonly isListening: boolean;
  /** The next request in order of arrival that no earlier call was given; waits when there is none yet. */
  nextRequest(match?: RequestMatch): Promise<ReceivedRequest>;
  /**
   * Queues faults: each is used up by one matching request. Without a match they wait for POST
   * requests, so that probes and model lists do not use them up. `refuse` takes effect when it is
   * at the head of the queue and the reply before it is over.
   */
  script(faults: Fault | readonly Fault[], match?: FaultMatch): void;
  /** The fault for every matching request that finds no queued one. Replaces the earlier one. */
  always(fault: Fault, match?: FaultMatch): void;
  /** Forgets all faults and listens again when it had refused. Requests stay. */
  reset(): Promise<void>;
  /** Refuses new connections and resets the open ones; the port stays its own. */
  refuse(): void;
  /** Ends every open connection, by RST in the middle of a reply, and keeps listening. */
  dropConnections(): void;
  /** Listens again after `stop` or `refuse`, by default on the same port. */
  listenOn(port?: number): Promise<void>;
  /** Stops listening and resets every connection; settles when they are gone. */
  stop(): Promise<void>;
};

type Waiter = { readonly match: RequestMatch; readonly give: (request: ReceivedRequest) => void };

function fits(request: ReceivedRequest, match: RequestMatch): boolean {
  const isMethod = match.method === undefined || match.method === request.method;
  return isMethod && (match.path === undefined || match.path === request.path);
}

/** Keeps requests and hands each one out once. */
function createInbox(keep: number) {
  const requests: ReceivedRequest[] = [];
  const unread: ReceivedRequest[] = [];
  const waiters: Waiter[] = [];
  let total = 0;
  const put = (request: ReceivedRequest): void => {
    total += 1;
    requests.push(request);
    if (requests.length > keep) requests.shift();
    const place = waiters.findIndex((waiter) => fits(request, waiter.match));
    const [waiter] = place < 0 ? [] : waiters.splice(place, 1);
    if (waiter !== undefined) {
      waiter.give(request);
      return;
    }
    unread.push(request);
    if (unread.length > keep) unread.shift();
  };
  const take = (match: RequestMatch = {}): Promise<ReceivedRequest> => {
    const place = unread.findIndex((request) => fits(request, match));
    const [request] = place < 0 ? [] : unread.splice(place, 1);
    if (request !== undefined) return Promise.resolve(request);
    const waiting = Promise.withResolvers<ReceivedRequest>();
    waiters.push({ match, give: waiting.resolve });
    return waiting.promise;
  };
  return { requests, put, take, total: () => total };
}

/** The function that answers healthy requests of the dialect. */
function createAnswerer(options: FakeUpstreamOptions): (request: ReceivedRequest, pace: Pace) => Reply {
  if (options.dialect === "ollama") {
    const models = options.models ?? ["tiny-chat:latest", "tiny-embed:latest"];
    const state = createOllamaState({ models, numCtx: options.numCtx ?? 4096, apiKey: options.apiKey });
    return (request, pace) => answerOllama(state, request, pace);
  }
  if (options.dialect === "anthropic") {
    const models = options.models ?? ["tiny-chat"];
    return (request, pace) => answerAnthropic({ models, apiKey: options.apiKey, pace }, request);
  }
  const models = options.models ?? ["tiny-chat", "tiny-embed"];
  const fake = { profile: profileOf(options.profile ?? "openai"), models, apiKey: options.apiKey };
  return (request, pace) => answerOpenAi({ ...fake, pace }, request);
}

function voiceOf({ dialect, profile = "openai" }: FakeUpstreamOptions): Voice {
  if (dialect === "anthropic") return anthropicVoice;
  return dialect === "ollama" ? ollamaVoice : openAiVoice(profileOf(profile));
}

/** Starts a fake model server on the loopback. Throws when the port is taken. */
export async function createFakeUpstream(options: FakeUpstreamOptions): Promise<FakeUpstream> {
  const inbox = createInbox(options.keepRequests ?? 10_000);
  const answer = createAnswerer(options);
  const pace: Pace = {
    tokenDelayMs: options.tokenDelayMs ?? 0,
    firstTokenDelayMs: options.firstTokenDelayMs ?? 0,
    chunks: options.chunks,
  };
  const refuse = (): void => {
    server.refuse();
    server.dropConnections();
  };
  const listenOn = async (port: number = server.port): Promise<void> => {
    if (!server.isListening) await server.listen(port);
  };
  const faults = createFaultScript({ refuse, listen: () => listenOn() });
  const voice = voiceOf(options);
  const context = { voice, answer, pace };
  const server = createHttpServer({
    early: (head) => {
      const fault = faults.takeEarly(head);
      return fault === undefined ? undefined : applyFault(context, fault, undefined);
    },
    answer: (request) => {
      const fault = faults.take(request);
      return fault === undefined ? answer(request, pace) : applyFault(context, fault, request);
    },
    received: inbox.put,
  });
  await server.listen(options.port ?? 0);

  return {
    get origin() {
      return `http://127.0.0.1:${server.port}`;
    },
    get port() {
      return server.port;
    },
    requests: inbox.requests,
    get totalRequests() {
      return inbox.total();
    },
    get openConnections() {
      return server.openConnections;
    },
    get totalConnections() {
      return server.totalConnections;
    },
    get isListening() {
      return server.isListening;
    },
    nextRequest: inbox.take,
    script: faults.script,
    always: faults.always,
    reset: async () => {
      faults.clear();
      await listenOn();
    },
    refuse,
    dropConnections: server.dropConnections,
    listenOn,
    stop: () => {
      faults.clear();
      return server.stop();
    },
  };
}
