import { toPlatformError } from "@llm-platform/kit";
import type { HttpRoute } from "../core/http-route.ts";
import type { PlatformLog } from "../telemetry/log.ts";
import { answer } from "./answer.ts";
import type { RequestHandler } from "./inference.ts";
import type { OpenSurface } from "./surface-integration.ts";
import { refuseUpgrade, type UpgradeHandler } from "./upgrade.ts";

export interface LazySurfaceInput {
  /** The one path that it has. */
  readonly path: string;
  readonly routes: readonly HttpRoute[];
  readonly takesUpgrades: boolean;
  /** Makes the surface. Called with the first request, and again with the next when it failed. */
  open(): Promise<OpenSurface>;
  readonly log: PlatformLog;
}

/** A surface that is made when it is first asked for: to load its libraries takes longer than the rest of a start. */
export function createLazySurface(input: LazySurfaceInput): OpenSurface {
  const { path, routes, takesUpgrades, log } = input;
  const kept: { surface?: Promise<OpenSurface> | undefined } = {};

  function opened(): Promise<OpenSurface> {
    kept.surface ??= input.open().catch((error: unknown) => {
      kept.surface = undefined;
      log.error("surface.not_opened", { path, error });
      throw toPlatformError(error);
    });
    return kept.surface;
  }

  const handle: RequestHandler = (request, response, peer) => {
    opened().then(
      ({ mount }) => mount.paths.get(path)?.(request, response, peer),
      (error: unknown) => answer(response, toPlatformError(error)),
    );
  };
  const upgrade: UpgradeHandler = (asked) => {
    const onError = () => asked.socket.destroy();
    asked.socket.on("error", onError);
    opened().then(
      ({ mount }) => {
        asked.socket.off("error", onError);
        mount.upgrades?.get(path)?.(asked);
      },
      (error: unknown) => refuseUpgrade(asked, toPlatformError(error)),
    );
  };
  return {
    mount: {
      routes,
      paths: new Map([[path, handle]]),
      ...(takesUpgrades ? { upgrades: new Map([[path, upgrade]]) } : {}),
    },
    async close() {
      // One that could not be opened has nothing to close.
      const surface = await kept.surface?.catch(() => undefined);
      await surface?.close();
    },
  };
}
