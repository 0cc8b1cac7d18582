import type { Log } from "@llm-platform/kit";
import type { Bus, BusListener, BusTopic } from "./bus.ts";
import { decodeBusMessage, encodeBusMessage } from "./bus-message.ts";
import { createRedisClient } from "./redis-client.ts";
import type { RedisLink } from "./redis-link.ts";
import type { RedisSettings } from "./redis-settings.ts";

export interface RedisBusParts {
  readonly settings: RedisSettings;
  readonly replica: string;
  /** Messages go out over it; they come in over a connection of their own. */
  readonly link: RedisLink;
  readonly log: Log;
  readonly random: () => number;
}

export interface RedisBus extends Bus {
  start(): void;
  /** Lets the connection go and opens another. */
  reconnect(): void;
  stop(): void;
}

const publishDeadlineMs = 1_000;

/** The bus over one channel of Redis. */
export function createRedisBus({ settings, replica, link, log, random }: RedisBusParts): RedisBus {
  const channel = `${settings.keyPrefix}bus`;
  const listeners = new Map<BusTopic, BusListener[]>();
  const gapListeners: (() => void)[] = [];
  const subscriber = createRedisClient(settings, random);
  const state = { wasConnected: false };

  function deliver(text: string): void {
    const message = decodeBusMessage(text);
    if (message === undefined || message.from === replica) return;
    for (const listener of listeners.get(message.topic) ?? []) {
      try {
        listener(message.data, message.from);
      } catch (error) {
        log.error("bus.listener_failed", { topic: message.topic, error });
      }
    }
  }

  async function listen(): Promise<void> {
    await subscriber.subscribe(channel);
    if (state.wasConnected) for (const listener of gapListeners) listener();
    state.wasConnected = true;
  }

  subscriber.on("message", (_channel: string, text: string) => deliver(text));
  // That Redis is away is told by the link.
  subscriber.on("error", () => undefined);
  subscriber.on("ready", () => void listen().catch(() => subscriber.disconnect(true)));

  return {
    publish(topic, data) {
      const text = encodeBusMessage({ from: replica, topic, data });
      if (text === undefined) {
        log.warn("bus.message_too_long", { topic });
        return;
      }
      // Who misses it learns of the gap when Redis is back.
      link
        .run((redis) => redis.publish(channel, text), { deadlineMs: publishDeadlineMs })
        .catch(() => undefined);
    },
    subscribe(topic, listener) {
      listeners.set(topic, [...(listeners.get(topic) ?? []), listener]);
    },
    onGap: (listener) => void gapListeners.push(listener),
    start: () => void subscriber.connect().catch(() => undefined),
    reconnect: () => subscriber.disconnect(true),
    stop: () => subscriber.disconnect(),
  };
}
