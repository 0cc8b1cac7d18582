import {
  createRelaySender,
  type ModelInfo,
  type ModelPlatform,
  operations,
  type Relay,
} from "@llm-platform/kit";
import type { PlatformView, RoutingSnapshot } from "../gateway/model-directory.ts";
import { createUpstreamPool, type UpstreamPool } from "../wire/upstream-pool.ts";
import type { SessionUse } from "../wire/upstream-tls.ts";
import type { ModelData, PlatformData } from "./routing-data.ts";

/** The platforms that a worker can call by itself. */
export interface RelayedPlatforms {
  /** Makes what is told anew; platforms that did not change stay as they are, with their connections. */
  update(platforms: readonly PlatformData[]): void;
  /** All platforms, in the order of routing; those that only the first process can call count as not running. */
  platforms(): readonly PlatformView[];
  /** Names of which every target can be called from here, or is not running anywhere. */
  servedNames(snapshot: RoutingSnapshot): ReadonlySet<string>;
  stop(): void;
}

interface Relayed {
  /** By which a change is told. */
  readonly text: string;
  readonly platform: ModelPlatform;
  readonly pool: UpstreamPool;
}

/** Between two looks whether the last call of a platform that was replaced has ended. */
const idleLookMs = 100;

/** @param onHandshake hears of each TLS handshake with a platform's server that succeeded */
export function createRelayedPlatforms(
  onHandshake: (integration: string, session: SessionUse) => void,
): RelayedPlatforms {
  const relayed = new Map<string, Relayed>();
  const leaving = new Map<UpstreamPool, NodeJS.Timeout>();
  let told: readonly PlatformData[] = [];

  /** Calls in flight go on over the connections that they have. */
  function retire({ pool }: Relayed): void {
    const timer = setInterval(() => {
      if (pool.busyConnections > 0) return;
      clearInterval(timer);
      leaving.delete(pool);
      pool.stop();
    }, idleLookMs);
    leaving.set(pool, timer);
  }

  function put(data: PlatformData, relay: Relay): void {
    const { network } = data;
    const text = JSON.stringify([relay, data.provider, data.reportsStreamUsage, network]);
    const before = relayed.get(data.name);
    if (before?.text === text) return;
    if (before !== undefined) retire(before);
    const pool = createUpstreamPool(relay.origin, { network }, (session) => onHandshake(data.name, session));
    relayed.set(data.name, { text, platform: toPlatform(data, relay, pool), pool });
  }

  return {
    update(platforms) {
      told = platforms;
      const kept = new Set(platforms.filter(({ relay }) => relay !== undefined).map(({ name }) => name));
      for (const [name, each] of relayed) {
        if (kept.has(name)) continue;
        relayed.delete(name);
        retire(each);
      }
      for (const data of platforms) if (data.relay !== undefined) put(data, data.relay);
    },
    platforms: () =>
      told.map(({ name, priority, absence, models }) => ({
        name,
        priority,
        absence,
        platform: relayed.get(name)?.platform,
        models: models.map(toModelInfo),
      })),
    servedNames(snapshot) {
      const elsewhere = new Set(
        told.filter(({ isRunning, relay }) => isRunning && relay === undefined).map(({ name }) => name),
      );
      const isServed = (id: string) => {
        const target = snapshot.targets.get(id);
        return target !== undefined && !elsewhere.has(target.integration);
      };
      const served = [...snapshot.routes].filter(
        ([, { targets, fallbacks }]) =>
          targets.length > 0 && targets.every(({ id }) => isServed(id)) && fallbacks.every(isServed),
      );
      return new Set(served.map(([name]) => name));
    },
    stop() {
      for (const [pool, timer] of leaving) {
        clearInterval(timer);
        pool.stop();
      }
      for (const { pool } of relayed.values()) pool.stop();
    },
  };
}

function toModelInfo(model: ModelData): ModelInfo {
  return { ...model, operations };
}

function toPlatform(data: PlatformData, relay: Relay, pool: UpstreamPool): ModelPlatform {
  return {
    provider: data.provider,
    dialectFor: (operation) => (relay.paths[operation] === undefined ? undefined : "openai"),
    reportsStreamUsage: data.reportsStreamUsage,
    list: async () => data.models.map(toModelInfo),
    send: createRelaySender(pool, relay),
  };
}
