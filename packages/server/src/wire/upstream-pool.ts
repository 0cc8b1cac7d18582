import type { LookupFunction } from "node:net";
import {
  type NetworkReach,
  PlatformError,
  type Upstream,
  type UpstreamLimits,
  type UpstreamReply,
  type UpstreamRequest,
} from "@llm-platform/kit";
import { createGuardedLookup } from "./guarded-lookup.ts";
import { ResponseHeadMemo } from "./response-head-memo.ts";
import { type ConnectionOwner, UpstreamConnection } from "./upstream-connection.ts";
import { type Endpoint, parseEndpoint } from "./upstream-endpoint.ts";
import { UpstreamExchange } from "./upstream-exchange.ts";
import { formatRequestHead } from "./upstream-request-head.ts";
import { type SessionUse, UpstreamTls } from "./upstream-tls.ts";

const defaultLimits = { maxConnections: 1024, connectTimeoutMs: 5_000, idleTimeoutMs: 60_000 };
const sweepEveryMs = 5_000;

/**
 * Persistent connections to one origin (RFC 9112 section 9.3), newest first, with no queue: at the cap a call fails at
 * once, for another target to take it. A request goes out again only on a fresh connection, once, after a kept one had
 * died without a byte of the answer (section 9.3.1).
 */
export interface UpstreamPool extends Upstream {
  /** Connections that carry a call now. */
  readonly busyConnections: number;
  /** Closes every connection; calls in flight fail. */
  stop(): void;
}

/** Bounds of a pool, and where it may connect to. */
export interface PoolOptions extends UpstreamLimits {
  /**
   * Whether the bytes that a reply's sink is given are overwritten by the next read: for a sink that is done with them when
   * it returns, as one is that writes files. It spares a buffer for each read. Default false.
   */
  readonly areReadsTransient?: boolean;
  /** Default any. */
  readonly network?: NetworkReach | undefined;
}

/**
 * @param origin `http://host:port`, `https://host[:port]` or `unix:/path/of/socket`
 * @param onHandshake hears of each TLS handshake that succeeded
 * @throws PlatformError `config_invalid` for anything else
 */
export function createUpstreamPool(
  origin: string,
  options: PoolOptions = {},
  onHandshake: (session: SessionUse) => void = () => undefined,
): UpstreamPool {
  const { certificateAuthorities, network = "any", areReadsTransient = false, ...bounds } = options;
  const endpoint = parseEndpoint(origin, network);
  const tls = new UpstreamTls({ host: endpoint.host, certificateAuthorities, onHandshake });
  const ways = { tls, lookup: createGuardedLookup(network), areReadsTransient };
  return new Pool(endpoint, { ...defaultLimits, ...bounds }, ways);
}

type Bounds = Required<Omit<UpstreamLimits, "certificateAuthorities">>;

/** How connections are made. */
interface Ways {
  readonly tls: UpstreamTls;
  readonly lookup: LookupFunction;
  readonly areReadsTransient: boolean;
}

class Pool implements UpstreamPool, ConnectionOwner {
  readonly #endpoint: Endpoint;
  readonly #limits: Bounds;
  readonly #ways: Ways;
  readonly #open = new Set<UpstreamConnection>();
  readonly #free: UpstreamConnection[] = [];
  readonly #sweeper: NodeJS.Timeout;
  readonly #starts = new WeakMap<UpstreamRequest["headers"], Map<string, RequestStart>>();
  readonly heads = new ResponseHeadMemo();
  #isStopped = false;

  constructor(endpoint: Endpoint, limits: Bounds, ways: Ways) {
    this.#endpoint = endpoint;
    this.#limits = limits;
    this.#ways = ways;
    this.#sweeper = setInterval(() => this.#sweep(), sweepEveryMs);
    this.#sweeper.unref();
  }

  get openConnections(): number {
    return this.#open.size;
  }

  get busyConnections(): number {
    return this.#open.size - this.#free.length;
  }

  send(request: UpstreamRequest): Promise<UpstreamReply> {
    return new Promise((resolve, reject) => new UpstreamExchange(this, request, { resolve, reject }).start());
  }

  stop(): void {
    this.#isStopped = true;
    clearInterval(this.#sweeper);
    const error = new PlatformError("unavailable", "The upstream is no longer in use.", {
      isRetryable: true,
    });
    for (const connection of this.#open) connection.abort(error);
    this.#free.length = 0;
  }

  /** A free connection, or a new one. Throws PlatformError `overloaded` at the cap. */
  take(isFresh: boolean): UpstreamConnection {
    const free = isFresh ? undefined : this.#free.pop();
    if (free !== undefined) return free;
    if (this.#isStopped)
      throw new PlatformError("unavailable", "The upstream is no longer in use.", { isRetryable: true });
    if (this.#open.size >= this.#limits.maxConnections) {
      throw new PlatformError(
        "overloaded",
        `All ${this.#limits.maxConnections} connections to the upstream are in use.`,
        {
          isRetryable: true,
          retryAfterMs: 1_000,
        },
      );
    }
    const { connectTimeoutMs } = this.#limits;
    const options = { connectTimeoutMs, ...this.#ways };
    const connection = new UpstreamConnection(this.#endpoint, options, this);
    this.#open.add(connection);
    return connection;
  }

  /** Request line and headers up to the value of content-length, made once per header list and path. */
  startOf(request: UpstreamRequest): Buffer {
    let paths = this.#starts.get(request.headers);
    if (paths === undefined) {
      paths = new Map();
      this.#starts.set(request.headers, paths);
    }
    let start = paths.get(request.path);
    if (start?.method !== request.method) {
      const text = formatRequestHead(`${request.method} ${request.path}`, this.#endpoint, request.headers);
      start = { method: request.method, bytes: Buffer.from(text, "latin1") };
      paths.set(request.path, start);
    }
    return start.bytes;
  }

  onFree(connection: UpstreamConnection): void {
    // The next sweep looks at the clock: here that would be once for each call.
    connection.freeSinceMs = undefined;
    this.#free.push(connection);
  }

  onClose(connection: UpstreamConnection): void {
    this.#open.delete(connection);
    const index = this.#free.lastIndexOf(connection);
    if (index >= 0) this.#free.splice(index, 1);
  }

  #sweep(): void {
    const nowMs = performance.now();
    const oldest = nowMs - this.#limits.idleTimeoutMs;
    for (const connection of this.#free) connection.freeSinceMs ??= nowMs;
    while ((this.#free[0]?.freeSinceMs ?? nowMs) < oldest) this.#free.shift()?.destroy();
  }
}

/** Request line and headers up to the value of content-length, for one method. */
interface RequestStart {
  readonly method: string;
  readonly bytes: Buffer;
}
