import { type MessagePort, Worker } from "node:worker_threads";
import {
  type FileBody,
  type FilePart,
  type FilePlace,
  type FileServer,
  type Log,
  type NetworkReach,
  partHeaders,
  PlatformError,
  type StoredEnd,
} from "@llm-platform/kit";
import type { HashWindow } from "./hash-window.ts";
import { toTransferError, type TransferOrder, type TransferWord } from "./transfer-messages.ts";

/** Bounds what all downloads take of the network together. */
export interface TransferLimit {
  /** Bytes per second; undefined for no limit. */
  readonly bytesPerSecond: number | undefined;
  /** Holds from the next bytes on. */
  setLimit(bytesPerSecond: number | undefined): void;
}

/** Connections to one origin, in the thread of transfers. */
export interface TransferServer extends FileServer {
  /** Transfers that are under way. */
  readonly busyTransfers: number;
  /** Closes every connection; what is under way fails. */
  stop(): void;
}

/** Where connections lead, and who hears of them. */
export interface TransferServerOptions {
  readonly network: NetworkReach | undefined;
  /** Hears of each TLS handshake that succeeded. */
  onHandshake?(session: string): void;
}

/**
 * The thread in which files are received and written, so that a call does not wait for either. It begins with the first
 * transfer; when it dies, what was under way fails as `unavailable`, to be tried again, and the next one begins another.
 * After `stop` none begins: transfers fail as `unavailable`, for good.
 */
export interface TransferThread {
  readonly limit: TransferLimit;
  /** @param origin that has been judged: `http://host:port` or `https://host` */
  open(origin: string, options: TransferServerOptions): TransferServer;
  /** The contents of a file of this machine. */
  read(path: string): FileBody;
  /** What is stored at the path from then on is hashed through the window, until the thread ends. */
  share(path: string, window: HashWindow): void;
  unshare(path: string): void;
  stop(): Promise<void>;
}

/** Who waits for words of a transfer. */
interface Waiting {
  onWord(word: Exclude<TransferWord, { readonly type: "handshake" }>): void;
  onLost(error: PlatformError): void;
}

/** Its objects are few and short-lived: a small nursery is enough. */
const resourceLimits = { maxYoungGenerationSizeMb: 4 };

export interface TransferThreadParts {
  /** Of the thread: does as `createTransferService`. */
  readonly program: URL;
  readonly bytesPerSecond: number | undefined;
  readonly log: Log;
}

export function createTransferThread({ program, bytesPerSecond, log }: TransferThreadParts): TransferThread {
  const servers = new Map<number, TransferServerOptions & { readonly origin: string }>();
  const waiting = new Map<number, Waiting>();
  let limit = bytesPerSecond;
  let worker: Worker | undefined;
  let numbers = 0;
  let isStopped = false;

  function start(): Worker {
    const started = new Worker(program, { resourceLimits });
    let cause: unknown;
    started.on("message", onWord);
    // Its end follows.
    started.on("error", (error) => {
      cause = error;
    });
    started.on("exit", (exitCode) => {
      worker = undefined;
      if (!isStopped)
        log.error("pull.thread_ended", { exit_code: exitCode, reason: String(cause ?? "none") });
      const lost = [...waiting.values()];
      waiting.clear();
      for (const each of lost) each.onLost(isStopped ? stopped() : threadEnded(cause));
    });
    started.postMessage({ type: "limit", bytesPerSecond: limit } satisfies TransferOrder);
    for (const [server, { origin, network }] of servers)
      started.postMessage({ type: "open", server, origin, network } satisfies TransferOrder);
    return started;
  }

  /** @throws PlatformError `unavailable` after the stop */
  function order(what: TransferOrder, moved: readonly MessagePort[] = []): void {
    if (isStopped) throw stopped();
    worker ??= start();
    worker.postMessage(what, moved);
  }

  /** Is told only where there is a thread: another one begins without what it is about. */
  function mention(what: TransferOrder): void {
    worker?.postMessage(what);
  }

  function onWord(word: TransferWord): void {
    if (word.type === "handshake") {
      servers.get(word.server)?.onHandshake?.(word.session);
      return;
    }
    const known = waiting.get(word.transfer);
    if (known !== undefined) known.onWord(word);
    // Whoever asked has gone meanwhile.
    else if (word.type === "head") mention({ type: "cancel", transfer: word.transfer });
  }

  async function store(
    transfer: number,
    command: TransferOrder,
    { onStored, signal }: Storing,
  ): Promise<StoredEnd> {
    order(command);
    const ended = Promise.withResolvers<StoredEnd>();
    const onAbort = (): void => mention({ type: "cancel", transfer });
    waiting.set(transfer, {
      onWord(word) {
        if (word.type === "stored") onStored(word.position);
        else if (word.type === "end") ended.resolve(word.end);
        else if (word.type === "fail")
          ended.reject(signal.aborted ? signal.reason : toTransferError(word.failure));
      },
      onLost: (error) => ended.reject(error),
    });
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
    return ended.promise.finally(() => {
      waiting.delete(transfer);
      signal.removeEventListener("abort", onAbort);
    });
  }

  async function ask(
    command: Extract<TransferOrder, { type: "ask" }>,
    signal: AbortSignal,
  ): Promise<FilePart> {
    const { transfer } = command;
    order(command);
    const answered = Promise.withResolvers<FilePart>();
    const onAbort = (): void => {
      mention({ type: "cancel", transfer });
      answered.reject(signal.reason);
    };
    waiting.set(transfer, {
      onWord(word) {
        if (word.type === "head")
          answered.resolve({ status: word.status, headers: word.headers, body: toBody(transfer) });
        else if (word.type === "fail") answered.reject(toTransferError(word.failure));
      },
      onLost: (error) => answered.reject(error),
    });
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
    return answered.promise.finally(() => {
      waiting.delete(transfer);
      signal.removeEventListener("abort", onAbort);
    });
  }

  function toBody(transfer: number): FileBody {
    return {
      store: (place, onStored, signal) =>
        store(transfer, { type: "store", transfer, place }, { onStored, signal }),
      drop: () => mention({ type: "drop", transfer }),
    };
  }

  return {
    limit: {
      get bytesPerSecond() {
        return limit;
      },
      setLimit(next) {
        limit = next;
        mention({ type: "limit", bytesPerSecond: next });
      },
    },
    open(origin, options) {
      const server = ++numbers;
      const busy = new Set<number>();
      servers.set(server, { ...options, origin });
      mention({ type: "open", server, origin, network: options.network });
      return {
        get busyTransfers() {
          return busy.size;
        },
        async ask(request, signal) {
          const transfer = ++numbers;
          busy.add(transfer);
          const { path } = request;
          const headers = partHeaders(request);
          try {
            const part = await ask({ type: "ask", server, transfer, path, headers }, signal);
            return { ...part, body: countedBody(part.body, () => busy.delete(transfer)) };
          } catch (error) {
            busy.delete(transfer);
            throw error;
          }
        },
        stop() {
          servers.delete(server);
          mention({ type: "close", server });
        },
      };
    },
    read(path) {
      const transfer = ++numbers;
      return {
        store: (place, onStored, signal) =>
          store(transfer, { type: "copy", transfer, path, place }, { onStored, signal }),
        drop: () => undefined,
      };
    },
    share(path, window) {
      if (!isStopped) order({ type: "share", path, window }, [window.port]);
    },
    unshare: (path) => mention({ type: "unshare", path }),
    async stop() {
      isStopped = true;
      await worker?.terminate();
    },
  };
}

interface Storing {
  readonly signal: AbortSignal;
  onStored(position: number): void;
}

/** Tells when it is over. */
function countedBody(body: FileBody, onOver: () => void): FileBody {
  return {
    async store(place: FilePlace, onStored, signal) {
      try {
        return await body.store(place, onStored, signal);
      } finally {
        onOver();
      }
    },
    drop() {
      onOver();
      body.drop();
    },
  };
}

function threadEnded(cause: unknown): PlatformError {
  return new PlatformError("unavailable", "The thread that fetches files has ended; another one begins.", {
    isRetryable: true,
    cause,
  });
}

function stopped(): PlatformError {
  return new PlatformError(
    "unavailable",
    "The server is stopping; it goes on with the file when it is back.",
  );
}
