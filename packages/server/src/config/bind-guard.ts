import { isLoopbackHost } from "./loopback-host.ts";
import type { PlatformConfig } from "./schema.ts";

/** Why the server must not listen where it was told to; undefined when it may. */
export function refuseOpenBind({
  environment,
  server,
  auth,
}: Pick<PlatformConfig, "environment" | "server" | "auth">): string | undefined {
  // There the first admin is made with a token that the server prints, and until then nobody is let in.
  if (environment === "production") return undefined;
  if (isLoopbackHost(server.host) || auth.api_keys.length + auth.oidc.length > 0) return undefined;
  return `${server.host} can be reached from other machines, and no API key is set, so anybody could use your models. Do one of these: listen on 127.0.0.1; add a key under auth.api_keys, or a provider under auth.oidc; set LLM_PLATFORM_ENV to production and make the first admin with the set-up token that the server prints; or listen on 127.0.0.1 and put a proxy that authenticates in front`;
}

/** Whether every caller must be known by a key or a token, also while there is no user and no key. */
export function needsCallers({
  environment,
  server,
  auth,
}: Pick<PlatformConfig, "environment" | "server" | "auth">): boolean {
  return environment === "production" || !isLoopbackHost(server.host) || auth.oidc.length > 0;
}
