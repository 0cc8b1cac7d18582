import type { Permission } from "./permissions.ts";

/** What a caller must be allowed to; `public` needs no caller that is known. */
export type Access = Permission | "public";

/** One way to call the server over HTTP. */
export interface HttpRoute {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** With `{name}` for parameters. */
  readonly path: string;
  readonly access: Access;
}

/** Throws for a handler's place that no route stands for: it would be missing where access is shown and tested. */
export function requireRoutes(
  routes: readonly HttpRoute[],
  { paths, prefixes }: { readonly paths: Iterable<string>; readonly prefixes: Iterable<string> },
): void {
  for (const path of paths) {
    if (!routes.some((route) => route.path === path || route.path === `${path}/`))
      throw new Error(`${path} has no route`);
  }
  for (const prefix of prefixes)
    if (!routes.some((route) => route.path.startsWith(prefix))) throw new Error(`${prefix} has no route`);
}
