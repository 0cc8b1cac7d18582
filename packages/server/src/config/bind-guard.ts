import { parseHostPort } from "./host-port.ts";
import { isLoopbackHost } from "./loopback-host.ts";
import type { PlatformConfig } from "./schema.ts";

/** Why the server must not listen where it was told to; undefined when it may. */
export function refuseOpenBind(config: Exposure): string | undefined {
  const { environment, auth } = config;
  // There the first admin is made with a token that the server prints, and until then nobody is let in.
  if (environment === "production") return undefined;
  const open = hostsOf(config).find((host) => !isLoopbackHost(host));
  if (open === undefined || auth.api_keys.length + auth.oidc.length > 0) return undefined;
  return `${open} can be reached from other machines, and no API key is set, so anybody could use your models. Do one of these: listen on 127.0.0.1; add a key under auth.api_keys, or a provider under auth.oidc; set LLM_PLATFORM_ENV to production and make the first admin with the set-up token that the server prints; or listen on 127.0.0.1 and put a proxy that authenticates in front`;
}

/** Whether every caller must be known by a key or a token, also while there is no user and no key. */
export function needsCallers(config: Exposure): boolean {
  const isOpen = hostsOf(config).some((host) => !isLoopbackHost(host));
  return config.environment === "production" || isOpen || config.auth.oidc.length > 0;
}

type Exposure = Pick<PlatformConfig, "environment" | "server" | "auth" | "prometheus">;

/** What the server listens on. */
function hostsOf({ server, prometheus }: Exposure): readonly string[] {
  const own = prometheus.enabled ? parseHostPort(prometheus.listen ?? "") : undefined;
  return own === undefined ? [server.host] : [server.host, own.host];
}
