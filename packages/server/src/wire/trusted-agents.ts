import type { LookupFunction } from "node:net";
import type { FetchOptions } from "@llm-platform/kit";
import { Agent } from "undici";

type Trust = Pick<
  FetchOptions,
  "certificateAuthorities" | "clientCertificate" | "serverName" | "isServerUnverified"
>;

/** Connections of control calls, apart by what they trust and by what they show in TLS (RFC 8446 section 4.4.2). HTTP is undici's. */
export interface TrustedAgents {
  for(trust: Trust): Agent;
  release(): void;
}

const connectLimitMs = 10_000;
const mostConnectionsPerOrigin = 32;
/** Certificates of callers are renewed every hour or so: those from before are let go. */
const mostAgents = 8;

export function createTrustedAgents(lookup: LookupFunction): TrustedAgents {
  const agents = new Map<string, Agent>();
  return {
    for(trust) {
      const key = keyOf(trust);
      const known = agents.get(key);
      if (known !== undefined) return known;
      const [oldest] = agents;
      if (oldest !== undefined && agents.size >= mostAgents) {
        agents.delete(oldest[0]);
        letGo(oldest[1].close());
      }
      const agent = makeAgent(lookup, trust);
      agents.set(key, agent);
      return agent;
    },
    release() {
      for (const agent of agents.values()) letGo(agent.destroy());
    },
  };
}

function keyOf({ certificateAuthorities, clientCertificate, serverName, isServerUnverified }: Trust): string {
  const { certificate, key } = clientCertificate ?? {};
  return JSON.stringify([certificateAuthorities, certificate, key, serverName, isServerUnverified === true]);
}

function makeAgent(lookup: LookupFunction, trust: Trust): Agent {
  const { certificateAuthorities, clientCertificate, serverName, isServerUnverified } = trust;
  return new Agent({
    connect: {
      lookup,
      timeout: connectLimitMs,
      ...(certificateAuthorities === undefined ? {} : { ca: certificateAuthorities }),
      ...(clientCertificate === undefined
        ? {}
        : { cert: clientCertificate.certificate, key: clientCertificate.key }),
      ...(serverName === undefined ? {} : { servername: serverName }),
      ...(isServerUnverified === true ? { rejectUnauthorized: false } : {}),
    },
    connections: mostConnectionsPerOrigin,
  });
}

/** Letting an agent go only fails when it is gone already, which is what was wanted. */
function letGo(ended: Promise<void>): void {
  ended.catch(() => undefined);
}
