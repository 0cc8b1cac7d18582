import { PlatformError } from "@llm-platform/kit";
import type { HttpRoute } from "../core/http-route.ts";
import type { RequestHandler } from "./inference.ts";
import type { Mount } from "./listener.ts";
import { createRefusal } from "./refuse-all.ts";

export interface SealedParts {
  /** What every other caller is told. */
  readonly message: string;
  /** Answers below `/api/v1/secrets/`. */
  readonly secrets: { readonly routes: readonly HttpRoute[]; readonly handler: RequestHandler };
}

/** What the port serves while a master key is missing: the operations that help, and a refusal for everything else. */
export function createSealedMount({ message, secrets }: SealedParts): Mount {
  return {
    routes: secrets.routes,
    paths: new Map(),
    prefixes: new Map([
      ["/api/v1/secrets/", secrets.handler],
      ["/", createRefusal(() => new PlatformError("sealed", message))],
    ]),
  };
}
