import type { Gateway } from "../gateway/gateway.ts";
import type { PlatformLog } from "../telemetry/log.ts";
import { Deadlines } from "../wire/deadlines.ts";
import { type ApiKeyRecord, createAuthenticator } from "./authenticate.ts";
import { createAddressReader } from "./client-address.ts";
import type { InferenceParts } from "./inference.ts";
import type { KeySource } from "./key-lookup.ts";
import type { PublicAddress } from "./public-origin.ts";

/** What the endpoints of every process are told, as plain data. */
export interface InferenceSettings {
  readonly keys: readonly ApiKeyRecord[];
  /** Whether every caller needs a key or a token, also where no user and no key is known yet. */
  readonly isGuarded: boolean;
  /** How long keys and tokens that were looked up before go on working while the store does not answer. */
  readonly keysUsableMs: number;
  readonly allowedHosts: readonly string[];
  readonly address: PublicAddress;
  readonly maxBodyBytes: number;
  /** Addresses and networks of proxies whose word on who calls is believed. */
  readonly trustedProxies: readonly string[];
  /** Whether addresses have limits. */
  readonly countsAddresses: boolean;
  /** How long the head of a stream waits for content before it is sent without. */
  readonly headerHoldMs: number;
  readonly heartbeatMs: number;
}

/** The parts that all inference endpoints of a process have in common. */
export function createInferenceParts(
  settings: InferenceSettings,
  {
    keySource,
    ...parts
  }: {
    readonly gateway: Gateway;
    readonly keySource: KeySource;
    readonly log: PlatformLog;
    readonly forward?: InferenceParts["forward"];
  },
): InferenceParts {
  const { keys, isGuarded, keysUsableMs, allowedHosts, address } = settings;
  const { maxBodyBytes, headerHoldMs, heartbeatMs } = settings;
  const { trustedProxies, countsAddresses } = settings;
  return {
    ...parts,
    authenticator: createAuthenticator({
      keys,
      isGuarded,
      keysUsableMs,
      allowedHosts,
      address,
      source: keySource,
    }),
    deadlines: new Deadlines(),
    maxBodyBytes,
    readAddress: countsAddresses ? createAddressReader(trustedProxies) : undefined,
    headerHoldMs,
    heartbeatMs,
  };
}
