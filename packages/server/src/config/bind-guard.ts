import { isLoopbackHost } from "./loopback-host.ts";
import type { PlatformConfig } from "./schema.ts";

/** Why the server must not listen where it was told to; undefined when it may. */
export function refuseOpenBind({
  server,
  auth,
}: Pick<PlatformConfig, "server" | "auth">): string | undefined {
  if (isLoopbackHost(server.host) || auth.api_keys.length + auth.oidc.length > 0) return undefined;
  return `${server.host} can be reached from other machines, and no API key is set, so anybody could use your models. Do one of these: listen on 127.0.0.1; add a key under auth.api_keys, or a provider under auth.oidc; or listen on 127.0.0.1 and put a proxy that authenticates in front`;
}
