import { Redis, type RedisOptions } from "ioredis";
import { restoreFastStrings } from "../core/fast-strings.ts";
import type { RedisSettings } from "./redis-settings.ts";

// ioredis has a class that extends String.
restoreFastStrings();

const firstRetryMs = 100;
const mostRetryMs = 2_000;
const defaultPort = 6_379;

/**
 * A connection that is opened by `connect`, and again for as long as it is not closed. Nothing waits for one: a command
 * without a connection fails at once, and none is sent twice.
 */
export function createRedisClient(settings: RedisSettings, random: () => number): Redis {
  const options: Omit<RedisOptions, "replyMapping"> = {
    ...toPlace(settings),
    protocol: 2,
    lazyConnect: true,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    connectTimeout: settings.connectTimeoutMs,
    keepAlive: 10_000,
    connectionName: "llm-platform",
    retryStrategy: (times) =>
      Math.min(mostRetryMs, firstRetryMs * 2 ** Math.min(times, 10)) * (0.5 + random() / 2),
  };
  return new Redis(options);
}

/** Where it is, and who asks. What has a setting of its own wins over the address. */
function toPlace(settings: RedisSettings): Omit<RedisOptions, "replyMapping"> {
  const url = new URL(settings.url.reveal());
  const username = settings.username ?? decodeURIComponent(url.username);
  const password = settings.password?.reveal() ?? decodeURIComponent(url.password);
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    port: url.port === "" ? defaultPort : Number(url.port),
    db: settings.database ?? Number(url.pathname.slice(1)),
    ...(username === "" ? {} : { username }),
    ...(password === "" ? {} : { password }),
    ...(url.protocol === "rediss:" ? { tls: { ca: settings.certificateAuthorities } } : {}),
  };
}
