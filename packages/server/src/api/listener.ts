import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { PlatformError } from "@llm-platform/kit";
import type { NumberSeries } from "../telemetry/metric-family.ts";
import { canAdopt } from "../wire/adopt-socket.ts";
import type { FastRoute } from "../wire/client-connection.ts";
import { internalPeer } from "./client-address.ts";
import { type BoundParts, ConnectionBounds } from "./connection-bounds.ts";
import { createFastLane } from "./fast-lane.ts";
import { createHttpLane } from "./http-lane.ts";
import type { RequestHandler } from "./inference.ts";
import type { UpgradeHandler } from "./upgrade.ts";
import { type HttpRoute, requireRoutes } from "../core/http-route.ts";
import { createTlsDoor, type Tls } from "./tls-door.ts";

export interface ListenerParts extends BoundParts {
  readonly host: string;
  readonly port: number;
  /** Whether inference calls are read by `wire/` where it can, and not all by node:http. */
  readonly fastLane: boolean;
  /** Requests by the lane that served them. */
  readonly requests: Readonly<Record<Lane, NumberSeries>>;
  /** Deals accepted connections to other processes. */
  readonly dealer?: Dealer | undefined;
  /** Whether replies are to end their connections, because memory is short. */
  isTight(): boolean;
  /** Undefined for plain HTTP. */
  readonly tls?: Tls | undefined;
}

/** Where accepted connections go before this process serves one itself. */
export interface Dealer {
  /**
   * Takes a connection of which nothing was read; false when nobody is there for it.
   * @param onClose runs once when the connection has ended
   * @param onReturned runs instead when nobody could read anything of it: it is as it was
   */
  take(socket: Socket, onClose: () => void, onReturned: () => void): boolean;
  /** Ends connections as replies end, from now on. */
  letGo(): void;
  /** Ends the connections that carry no request, now and as replies end. */
  close(): void;
  closeAll(): void;
}

/** Who reads a request: `wire/` or node:http. */
export type Lane = "fast" | "node_http";

/** What a surface serves while it is mounted. */
export interface Mount {
  /** What can be called, and by whom. Each path and prefix below has one at least. */
  readonly routes: readonly HttpRoute[];
  /** Handlers by exact path. */
  readonly paths: ReadonlyMap<string, RequestHandler>;
  /** Handlers of everything below a path, for example `/integrations/`. */
  readonly prefixes?: ReadonlyMap<string, RequestHandler>;
  /** Handlers by exact path for browsers that want a page, before those of `paths`. */
  readonly pages?: ReadonlyMap<string, RequestHandler>;
  /** What the fast lane serves, by exact path; `paths` has the same for every request that it leaves. */
  readonly fast?: ReadonlyMap<string, FastRoute>;
  /**
   * Who takes over requests that want to go on as a WebSocket, by exact path. `paths` has each of them too, for requests
   * that do not. A handler that is taken away keeps its connections, and ends them itself.
   */
  readonly upgrades?: ReadonlyMap<string, UpgradeHandler>;
}

/** The one port of the platform. */
export interface Listener {
  readonly isListening: boolean;
  /** TLS of the port, for others that speak it by the same certificate; undefined where it is plain. */
  readonly tls: Tls | undefined;
  /** Calls `listener` when no new connection is taken any more, until the result is called. */
  onClosing(listener: () => void): () => void;
  /** Puts a surface's handlers in place. The returned function takes them away again. */
  mount(mount: Mount): () => void;
  /** What can be called now. */
  readonly routes: readonly HttpRoute[];
  /** Paths that the fast lane serves now. */
  readonly fastPaths: readonly string[];
  /**
   * Serves a connection of another process of the platform: the same mounts, without the bounds on clients. It is a
   * client's, with every byte from a request's first on, or one on which that process asks for the calls that it does
   * not serve itself, and has counted.
   * @param client address of the client whose connection it is; undefined for one of the process itself
   */
  takeInternal(socket: Socket, client: string | undefined): void;
  /** Resolves with the address that is listened on. Rejects with PlatformError `unavailable`. */
  listen(): Promise<AddressInfo>;
  /** Ends the connections that carry no request now. */
  closeIdle(): void;
  /**
   * Answers `connection: close` from now on, and still takes new connections: clients that keep one come elsewhere next
   * time, and none is closed just when a request is on its way.
   */
  letGo(): void;
  /** As `letGo`, ends the connections that carry no request, and takes no new one. */
  close(): void;
  /** Lets replies that have their end go out, for two seconds at most, and ends every connection. */
  stop(): Promise<void>;
}

const lastWordsMs = 2_000;
const lastWordsLookMs = 20;
/** Connections that were to be ended, and are held by a process that does not answer, are left to the system then. */
const endAllMs = 1_000;

/** Finds out first what this Node can do for the fast lane. */
export async function createListener(parts: ListenerParts): Promise<Listener> {
  const places = new Places();
  const connections = new ConnectionBounds(parts);
  const state = { isLettingGo: false, isClosing: false };
  const closing = new Set<() => void>();
  const beginClosing = () => {
    if (state.isClosing) return;
    state.isClosing = true;
    for (const listener of closing) listener();
  };
  const isClosing = () => state.isClosing || parts.isTight();
  const isLettingGo = () => state.isLettingGo || isClosing();
  const http = createHttpLane({
    isLettingGo,
    isClosing,
    countRequest: () => parts.requests.node_http.add(),
    findHandler: (path) => places.findHandler(path),
    findPage: (path) => places.findPage(path),
    findUpgrade: (path) => places.findUpgrade(path),
  });
  const lane = {
    isLettingGo,
    isClosing,
    findRoute: (path: string) => places.findRoute(path),
    handOver(socket: Socket, onClose: () => void, peer: string) {
      socket.once("close", onClose);
      http.take(socket, peer);
    },
  };
  const fast = createFastLane({
    ...lane,
    canAdopt: await canAdopt(),
    countRequest: () => parts.requests.fast.add(),
  });
  // On a pipe the handle stays where it is: `canAdopt` has tried TCP alone.
  const internal = createFastLane({ ...lane, canAdopt: false, countRequest: () => undefined });
  const door = openDoor(parts.tls, (socket) => {
    // Its place was counted when it was accepted, and is given back with the connection below.
    if (parts.fastLane) fast.take(socket, () => undefined);
    else http.take(socket, socket.remoteAddress ?? "");
  });
  const lanes = [http, fast, internal, ...(door === undefined ? [] : [door])];
  function serve(socket: Socket, onClose: () => void): void {
    if (door !== undefined) {
      socket.once("close", onClose);
      door.take(socket);
    } else if (parts.dealer?.take(socket, onClose, () => serve(socket, onClose)) === true) return;
    else if (parts.fastLane) fast.take(socket, onClose);
    else {
      socket.once("close", onClose);
      http.take(socket, socket.remoteAddress ?? "");
    }
  }
  const server = createServer({ pauseOnConnect: true, noDelay: true, allowHalfOpen: true }, (socket) => {
    const onClose = connections.add(socket);
    if (onClose === undefined) socket.destroy();
    else serve(socket, onClose);
  });

  return {
    get isListening() {
      return server.listening;
    },
    tls: parts.tls,
    onClosing(listener) {
      closing.add(listener);
      return () => closing.delete(listener);
    },
    mount: (mount) => places.put(mount),
    get routes() {
      return places.routes();
    },
    get fastPaths() {
      return places.fastPaths();
    },
    takeInternal(socket, client) {
      if (client === undefined) internal.take(socket, () => undefined, internalPeer);
      else http.take(socket, client);
    },
    listen: () => listen(server, parts),
    closeIdle() {
      for (const each of lanes) each.closeIdle();
    },
    letGo() {
      state.isLettingGo = true;
      parts.dealer?.letGo();
    },
    close() {
      beginClosing();
      server.close();
      parts.dealer?.close();
      for (const each of lanes) each.closeIdle();
    },
    async stop() {
      beginClosing();
      server.close();
      const untilMs = performance.now() + lastWordsMs;
      // A call that was ended by the drain still has its error frame to send once its record is durable.
      parts.dealer?.close();
      for (const each of lanes) each.closeIdle();
      while (connections.count > 0 && performance.now() < untilMs + endAllMs) {
        const isOver = performance.now() > untilMs;
        if (isOver) parts.dealer?.closeAll();
        for (const each of lanes) {
          if (isOver) each.closeAll();
          else each.closeIdle();
        }
        await new Promise((resolve) => setTimeout(resolve, lastWordsLookMs));
      }
      for (const each of lanes) each.closeAll();
      for (const each of lanes) each.stop();
      parts.tls?.source.stop();
    },
  };
}

function openDoor(tls: Tls | undefined, onSecure: (socket: Socket) => void) {
  return tls === undefined ? undefined : createTlsDoor(tls, { protocol: "http/1.1", onSecure });
}

/** What is mounted where. */
class Places {
  readonly #mounts = new Set<Mount>();
  readonly #paths = new Map<string, RequestHandler>();
  readonly #prefixes = new Map<string, RequestHandler>();
  readonly #pages = new Map<string, RequestHandler>();
  readonly #fast = new Map<string, FastRoute>();
  readonly #upgrades = new Map<string, UpgradeHandler>();
  readonly #routes = new Map<string, HttpRoute>();

  /** Where two mounts have the same place, the later one has it, until it is taken away. */
  put(mount: Mount): () => void {
    const { routes, paths, prefixes = new Map(), pages = new Map() } = mount;
    requireRoutes(routes, { paths: [...paths.keys(), ...pages.keys()], prefixes: prefixes.keys() });
    this.#mounts.add(mount);
    this.#rebuild();
    return () => {
      this.#mounts.delete(mount);
      this.#rebuild();
    };
  }

  #rebuild(): void {
    const tables = [this.#routes, this.#paths, this.#prefixes, this.#pages, this.#fast, this.#upgrades];
    for (const table of tables) table.clear();
    for (const { routes, paths, prefixes, pages, fast, upgrades } of this.#mounts) {
      putAll(this.#routes, new Map(routes.map((route) => [`${route.method} ${route.path}`, route])));
      putAll(this.#paths, paths);
      putAll(this.#prefixes, prefixes);
      putAll(this.#pages, pages);
      putAll(this.#fast, fast);
      putAll(this.#upgrades, upgrades);
    }
    // What is mounted for less of the tree comes after what is mounted for a part of it.
    const byLength = [...this.#prefixes].sort(([one], [other]) => other.length - one.length);
    this.#prefixes.clear();
    putAll(this.#prefixes, new Map(byLength));
  }

  findHandler(path: string): RequestHandler | undefined {
    const exact = this.#paths.get(path);
    if (exact !== undefined) return exact;
    for (const [prefix, handler] of this.#prefixes) if (path.startsWith(prefix)) return handler;
    return undefined;
  }

  findPage(path: string): RequestHandler | undefined {
    return this.#pages.get(path);
  }

  findUpgrade(path: string): UpgradeHandler | undefined {
    return this.#upgrades.get(path);
  }

  findRoute(path: string): FastRoute | undefined {
    return this.#fast.get(path);
  }

  routes(): readonly HttpRoute[] {
    return [...this.#routes.values()];
  }

  fastPaths(): readonly string[] {
    return [...this.#fast.keys()];
  }
}

function putAll<Value>(table: Map<string, Value>, entries: ReadonlyMap<string, Value> = new Map()): void {
  for (const [key, value] of entries) table.set(key, value);
}

function listen(server: Server, { host, port }: ListenerParts): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      const why =
        cause.code === "EADDRINUSE"
          ? "something else listens there; choose another port with LLM_PLATFORM_SERVER__PORT"
          : (cause.code ?? "unknown reason");
      reject(new PlatformError("unavailable", `Cannot listen on ${host} port ${port}: ${why}.`, { cause }));
    });
    server.listen({ host, port, backlog: 4_096 }, () => {
      const address = server.address();
      if (address === null || typeof address === "string")
        reject(new PlatformError("internal", "The listener has no address."));
      else resolve(address);
    });
  });
}
