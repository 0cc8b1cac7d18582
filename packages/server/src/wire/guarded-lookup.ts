import { lookup as lookupName } from "node:dns";
import type { LookupFunction } from "node:net";
import type { NetworkReach } from "@llm-platform/kit";
import { isAllowedAddress } from "./address-guard.ts";

/** Resolves a name, as the system does, to the addresses that `address-guard` allows. These, and no others, are connected to. */
export function createGuardedLookup(network: NetworkReach): LookupFunction {
  return (hostname, options, callback) => {
    lookupName(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) {
        callback(error, "", 0);
        return;
      }
      const allowed = addresses.filter(({ address }) => isAllowedAddress(address, network));
      const first = allowed[0];
      if (first === undefined) {
        const refusal: NodeJS.ErrnoException = new Error("the address is not allowed");
        refusal.code = "ENOTFOUND";
        callback(refusal, "", 0);
      } else if (options.all === true) callback(null, allowed);
      else callback(null, first.address, first.family);
    });
  };
}
