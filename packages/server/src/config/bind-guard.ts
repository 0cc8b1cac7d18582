import { isIPv4 } from "node:net";
import type { PlatformConfig } from "./schema.ts";

/** Whether only this machine can reach an address that a server listens on. */
export function isLoopbackHost(host: string): boolean {
  const bare = host.replace(/^\[(.*)\]$/, "$1").toLowerCase();
  return bare === "localhost" || bare === "::1" || (isIPv4(bare) && bare.startsWith("127."));
}

/** Why the server must not listen where it was told to; undefined when it may. */
export function refuseOpenBind({
  server,
  auth,
}: Pick<PlatformConfig, "server" | "auth">): string | undefined {
  if (isLoopbackHost(server.host) || auth.api_keys.length > 0) return undefined;
  return `${server.host} can be reached from other machines, and no API key is set, so anybody could use your models. Do one of these: listen on 127.0.0.1; add a key under auth.api_keys; or listen on 127.0.0.1 and put a proxy that authenticates in front`;
}
