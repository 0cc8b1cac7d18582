import { setTimeout as sleep } from "node:timers/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { PlatformError, toPlatformError } from "@llm-platform/kit";
import { WebSocketServer } from "ws";
import type { Feed } from "../../control/feed.ts";
import type { Operation } from "../../control/operation.ts";
import { answer, isRead } from "../answer.ts";
import type { Listener, Mount } from "../listener.ts";
import { refuseUpgrade, type Upgrade } from "../upgrade.ts";
import { type AdmissionParts, admit, feedInputOf } from "./admission.ts";
import { type Channel, type ChannelName, channelNames, channels } from "./channels.ts";
import { runFeed } from "./control-jobs.ts";
import { SharedBodies } from "./server-frames.ts";
import { Sessions } from "./sessions.ts";
import { SocketLife, type SocketLifeParts } from "./socket-life.ts";

export interface WebSocketParts
  extends AdmissionParts,
    Omit<SocketLifeParts, "sessions" | "bodies" | "isClosing" | "operations" | "feeds"> {
  readonly listener: Pick<Listener, "onClosing">;
  readonly operations: readonly Operation[];
  readonly feeds: readonly Feed[];
  readonly mostPerPrincipal: number;
  /** A client that gives no sign of life for so long is cut off. */
  readonly silentMs: number;
  /** The AsyncAPI document, in YAML. */
  readonly document: string;
  /** Calls `listener` when it may be that somebody may not be here any more. */
  onIdentityChange(listener: () => void): void;
}

export interface WebSocketSurface {
  readonly mount: Mount;
  close(): Promise<void>;
}

export const documentPath = "/ws/asyncapi.yaml";
const subprotocol = "llmp.v1";
const beatsPerSilence = 6;
/** Keys and tokens that expire are found by then. */
const recheckMs = 30_000;
const closeLookMs = 20;
const longestCloseMs = 2_000;

/** The WebSocket channels: one object for as long as the surface runs. */
export function createWebSocketSurface(parts: WebSocketParts): WebSocketSurface {
  return new Surface(parts);
}

class Surface implements WebSocketSurface {
  readonly #parts: WebSocketParts;
  readonly #lifeParts: SocketLifeParts;
  readonly #lives = new Set<SocketLife>();
  readonly #sessions = new Sessions();
  readonly #servers: Readonly<Record<ChannelName, WebSocketServer>>;
  readonly #timers: readonly NodeJS.Timeout[];
  readonly #stopListening: () => void;
  #isClosing = false;
  readonly mount: Mount;

  constructor(parts: WebSocketParts) {
    this.#parts = parts;
    this.#lifeParts = {
      ...parts,
      sessions: this.#sessions,
      bodies: new SharedBodies(),
      isClosing: () => this.#isClosing,
      operations: new Map(parts.operations.map((each) => [each.name, each])),
      feeds: new Map(parts.feeds.map((each) => [each.name, each])),
    };
    this.#servers = {
      chat: open("chat"),
      models: open("models"),
      metrics: open("metrics"),
      events: open("events"),
      control: open("control"),
    };
    this.mount = this.#createMount();
    const { silentMs } = parts;
    this.#timers = [
      setInterval(() => this.#each((life) => life.beat(silentMs)), silentMs / beatsPerSilence),
      setInterval(() => this.#recheck(), recheckMs),
    ];
    parts.onIdentityChange(() => this.#recheck());
    this.#stopListening = parts.listener.onClosing(() => {
      this.#isClosing = true;
      this.#each((life) => life.drain());
    });
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    this.#stopListening();
    for (const timer of this.#timers) clearInterval(timer);
    for (const session of this.#sessions) this.#sessions.end(session, stopping());
    // Their clients are told how calls have ended before the connections do.
    await this.#until((life) => !life.session.isBusy);
    this.#each((life) => life.restart());
    await this.#until(() => false);
    this.#each((life) => life.connection.terminate());
  }

  /** Waits until every connection that is still there fits, for a while at most. */
  async #until(fits: (life: SocketLife) => boolean): Promise<void> {
    const untilMs = performance.now() + longestCloseMs;
    while (![...this.#lives].every(fits) && performance.now() < untilMs) await sleep(closeLookMs);
  }

  #each(tell: (life: SocketLife) => void): void {
    for (const life of this.#lives) tell(life);
  }

  #recheck(): void {
    this.#each((life) => void life.recheck(channels[life.session.channel].permission));
  }

  #createMount(): Mount {
    const { document } = this.#parts;
    const entries = channelNames.map((name) => ({ name, ...channels[name] }));
    return {
      routes: [
        ...entries.map(({ path, permission }) => ({ method: "GET", path, access: permission }) as const),
        { method: "GET", path: documentPath, access: "public" },
      ],
      paths: new Map([
        ...entries.map(
          ({ name, path }) =>
            [
              path,
              (request: IncomingMessage, response: ServerResponse, peer: string) => {
                if (isRead(request, response)) void this.#answerPlain({ request, response, peer, name });
              },
            ] as const,
        ),
        [
          documentPath,
          (request, response) => {
            if (!isRead(request, response)) return;
            response.writeHead(200, { "content-type": "application/yaml; charset=utf-8" });
            response.end(request.method === "HEAD" ? undefined : document);
          },
        ],
      ]),
      upgrades: new Map(entries.map(({ name, path }) => [path, (upgrade) => void this.#take(name, upgrade)])),
    };
  }

  /** A request that is no upgrade: the same callers are refused, and the others are told what to do. */
  async #answerPlain({ request, response, peer, name }: PlainRequest): Promise<void> {
    try {
      await admit({ request, peer, channel: name, isUpgrade: false }, this.#parts);
      response.setHeader("upgrade", "websocket");
      const error = new PlatformError(
        "invalid_request",
        "This path speaks WebSocket: connect with ws:// or wss://.",
      );
      answer(response, error, 426);
    } catch (thrown) {
      answer(response, this.#toError(thrown));
    }
  }

  async #take(channel: ChannelName, upgrade: Upgrade): Promise<void> {
    const { request, socket, head, peer } = upgrade;
    // A client that goes before it is let in.
    const onError = () => socket.destroy();
    socket.on("error", onError);
    try {
      const caller = await admit({ request, peer, channel, isUpgrade: true }, this.#parts);
      const place = this.#sessions.takePlace(caller.principal.id, this.#parts.mostPerPrincipal);
      if (place === undefined) throw tooMany(this.#parts.mostPerPrincipal);
      socket.once("close", place);
      if (socket.destroyed) place();
      this.#servers[channel].handleUpgrade(request, socket, head, (webSocket) => {
        socket.off("error", onError);
        const life = new SocketLife(this.#lifeParts, { webSocket, socket, channel, caller });
        this.#lives.add(life);
        webSocket.once("close", () => this.#lives.delete(life));
        this.#begin(life, request);
      });
    } catch (thrown) {
      refuseUpgrade(upgrade, this.#toError(thrown));
    }
  }

  /** Follows the channel's own feed, if it has one. */
  #begin(life: SocketLife, request: IncomingMessage): void {
    const channel: Channel = channels[life.session.channel];
    if (channel.feed === undefined) return;
    const asked = { id: channel.feed, name: channel.feed, input: feedInputOf(request) };
    void runFeed(life.session, asked, this.#lifeParts);
  }

  #toError(thrown: unknown): PlatformError {
    const error = toPlatformError(thrown);
    if (error.code === "internal") this.#parts.log.error("websocket.failed", { error });
    return error;
  }
}

interface PlainRequest {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly peer: string;
  readonly name: ChannelName;
}

/** Nothing is compressed: a small frame may not become a large one. */
function open(channel: ChannelName): WebSocketServer {
  return new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: channels[channel].mostBytes,
    handleProtocols: (offered) => (offered.has(subprotocol) ? subprotocol : false),
  });
}

function stopping(): PlatformError {
  return new PlatformError("shutting_down", "The server stops. Start the call again in a few seconds.", {
    retryAfterMs: 1_000,
  });
}

function tooMany(most: number): PlatformError {
  return new PlatformError(
    "rate_limited",
    `The caller has ${most} connections already. Use them for more than one thing, or raise websocket.max_connections_per_principal.`,
    { retryAfterMs: 1_000 },
  );
}
