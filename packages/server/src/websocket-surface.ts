import { randomBytes } from "node:crypto";
import type { IntegrationDefinition } from "@llm-platform/kit";
import type { InferenceParts } from "./api/inference.ts";
import type { Listener } from "./api/listener.ts";
import { createModelCaller } from "./api/model-caller.ts";
import { createSurfaceIntegration } from "./api/surface-integration.ts";
import { type ChannelName, channelNames } from "./api/ws/channels.ts";
import type { ChannelCounts } from "./api/ws/socket-life.ts";
import type { WebSocketParts } from "./api/ws/surface.ts";
import type { Operation } from "./control/operation.ts";
import type { PlatformConfig } from "./config/schema.ts";
import type { Login } from "./login.ts";
import { toPublicAddress } from "./settings-of.ts";
import type { PlatformMetrics } from "./telemetry/platform-metrics.ts";

const sessionIdBytes = 24;

export interface WebSocketIntegrationParts
  extends Pick<WebSocketParts, "auditor" | "readCaller" | "feeds" | "tickets" | "log"> {
  readonly config: PlatformConfig;
  readonly listener: Listener;
  readonly inference: InferenceParts;
  readonly login: Pick<Login, "callers">;
  readonly metrics: PlatformMetrics;
  readonly system: { readonly version: string };
  operations(): readonly Operation[];
}

/** The WebSocket channels as an integration. What speaks the protocol is loaded when it starts. */
export function createWebSocketIntegration(parts: WebSocketIntegrationParts): IntegrationDefinition {
  const { config, listener, inference, login, auditor, readCaller, feeds, log, metrics, tickets } = parts;
  const { websocket } = config;
  const identityListeners = new Set<() => void>();
  login.callers.onChange(() => {
    for (const listener of identityListeners) listener();
  });
  return createSurfaceIntegration({
    id: "websocket",
    type: "api",
    summary: "Chats, operations and feeds over WebSocket, under /ws.",
    listener,
    open: async () => {
      const [{ createWebSocketSurface }, { formatAsyncApi }] = await Promise.all([
        import("./api/ws/surface.ts"),
        import("./api/ws/asyncapi.ts"),
      ]);
      const state: { forget?: () => void } = {};
      const surface = createWebSocketSurface({
        ...inference,
        listener,
        operations: parts.operations(),
        feeds,
        tickets,
        auditor,
        readCaller,
        log,
        models: createModelCaller(inference),
        address: toPublicAddress(config),
        allowedOrigins: websocket.allowed_origins,
        mostPerPrincipal: websocket.max_connections_per_principal,
        silentMs: websocket.silence_seconds * 1_000,
        document: formatAsyncApi({ feeds, version: parts.system.version }),
        counts: toCounts(metrics),
        newSessionId: () => `ws_${randomBytes(sessionIdBytes).toString("base64url")}`,
        wallMs: Date.now,
        nowMs: () => performance.now(),
        random: Math.random,
        onIdentityChange(changed) {
          identityListeners.add(changed);
          state.forget = () => void identityListeners.delete(changed);
        },
      });
      return {
        mount: surface.mount,
        async close() {
          state.forget?.();
          await surface.close();
        },
      };
    },
  });
}

function toCounts(metrics: PlatformMetrics): Readonly<Record<ChannelName, ChannelCounts>> {
  const of = (channel: ChannelName): [ChannelName, ChannelCounts] => [
    channel,
    {
      connections: metrics.websocketConnections.series(channel),
      received: metrics.websocketMessages.series(channel, "received"),
      sent: metrics.websocketMessages.series(channel, "sent"),
      closed: (code) => metrics.websocketCloses.series(channel, String(code)),
    },
  ];
  // Each name stands in the list once.
  return Object.fromEntries(channelNames.map(of)) as Record<ChannelName, ChannelCounts>;
}
