import { type Missing, toReason } from "../missing.ts";
import {
  type ContestantName,
  type GatewayName,
  isPeer,
  type PeerName,
  peerNames,
  requiredNames,
} from "../scenarios.ts";
import type { Contestant } from "./contestant.ts";
import { createGo } from "./go.ts";
import { createHaproxy } from "./haproxy.ts";
import { createLitellm } from "./litellm.ts";
import { createLlmPlatform } from "./llm-platform.ts";
import { createNginx } from "./nginx.ts";
import { createPortkey } from "./portkey.ts";

/** How each gateway is installed, or found to be there. */
export type Makers = Readonly<Record<GatewayName, () => Contestant | Promise<Contestant>>>;

export const makers: Makers = {
  nginx: createNginx,
  "llm-platform": () => createLlmPlatform({ version: "of this checkout" }),
  portkey: createPortkey,
  go: createGo,
  haproxy: createHaproxy,
  litellm: createLitellm,
};

export interface LineUp {
  readonly contestants: readonly Contestant[];
  readonly missing: Missing;
}

export interface LineUpInput {
  readonly makers: Makers;
  readonly wanted: ReadonlySet<ContestantName>;
  say(line: string): void;
}

/**
 * Makes what the scenarios want ready to start; blocks while something is installed.
 * @throws Error when nginx or this server cannot be had: without them a run says nothing
 */
export async function lineUp({ makers: make, wanted, say }: LineUpInput): Promise<LineUp> {
  const contestants: Contestant[] = [];
  const missing: Partial<Record<PeerName, string>> = {};
  for (const name of [...requiredNames, ...peerNames].filter((each) => wanted.has(each))) {
    try {
      contestants.push(await make[name]());
    } catch (thrown) {
      if (!isPeer(name)) throw thrown;
      missing[name] = toReason(thrown);
      say(`${name} is missing: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
    }
  }
  return { contestants, missing };
}
