import type { IncomingMessage } from "node:http";
import { BlockList, isIP, isIPv4 } from "node:net";

/** Stands in place of an address for another process of the platform, which tells in `x-forwarded-for` who is behind it. */
export const internalPeer = "internal";

/**
 * Finds out what a caller is counted by.
 * @param peer address of the connection's other end; empty where it is not known
 * @param forwardedFor the header `x-forwarded-for`, which is believed of trusted proxies alone
 * @returns an IPv4 address, or the first 64 bits of an IPv6 address: whoever has one of these has all that begin so
 */
export type ReadAddress = (peer: string, forwardedFor: string | undefined) => string;

/** Finds out in the same way which address a caller has, whole; empty where it is not known. */
export type ReadCaller = (peer: string, forwardedFor: string | undefined) => string;

const mappedPrefix = "::ffff:";
const groupsOfAddress = 8;
const groupsOfNetwork = 4;

/** @param trustedProxies addresses, and networks as `address/bits` */
export function createAddressReader(trustedProxies: readonly string[]): ReadAddress {
  const read = createReader(trustedProxies);
  return (peer, forwardedFor) => toNetwork(read(peer, forwardedFor));
}

/** The same for who is put on record. */
export function createCallerReader(trustedProxies: readonly string[]): ReadCaller {
  const read = createReader(trustedProxies);
  return (peer, forwardedFor) => {
    const caller = read(peer, forwardedFor);
    return caller === internalPeer ? "" : caller;
  };
}

function createReader(trustedProxies: readonly string[]): ReadCaller {
  const proxies = toBlockList(trustedProxies);
  const isTrusted = (address: string): boolean =>
    address === internalPeer || proxies.check(address, isIPv4(address) ? "ipv4" : "ipv6");

  return (peer, forwardedFor) => {
    let caller = canonical(peer);
    // From the right, each hop was written by the one after it: it is as true as that one is trusted.
    const hops = forwardedFor?.split(",") ?? [];
    while (caller !== "" && isTrusted(caller)) {
      const hop = hops.pop();
      const before = hop === undefined ? "" : canonical(withoutPort(hop.trim()));
      // Nothing more is known, or nothing that can be read: the last that is known is who calls.
      if (before === "" || before === internalPeer) break;
      caller = before;
    }
    return caller;
  };
}

/** Where a request of node:http comes from; undefined where that is not known. */
export function addressOf({ socket, headers }: IncomingMessage, readCaller: ReadCaller): string | undefined {
  const forwardedFor = headers["x-forwarded-for"];
  const address = readCaller(
    socket.remoteAddress ?? "",
    typeof forwardedFor === "string" ? forwardedFor : forwardedFor?.join(","),
  );
  return address === "" ? undefined : address;
}

function toBlockList(entries: readonly string[]): BlockList {
  const list = new BlockList();
  for (const entry of entries) {
    const [address = "", bits] = entry.split("/");
    const family = isIPv4(address) ? "ipv4" : "ipv6";
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  return list;
}

/** An address as it is compared; empty for what is none. An IPv4 address in the clothes of IPv6 is an IPv4 address. */
function canonical(address: string): string {
  if (address === internalPeer) return address;
  const plain = address.toLowerCase();
  const rest = plain.slice(mappedPrefix.length);
  if (plain.startsWith(mappedPrefix) && isIPv4(rest)) return rest;
  const zone = plain.indexOf("%");
  const bare = zone < 0 ? plain : plain.slice(0, zone);
  return isIP(bare) === 0 ? "" : bare;
}

/** Some proxies write the port as well: `192.0.2.1:80`, `[2001:db8::1]:80`. */
function withoutPort(hop: string): string {
  const bracketed = /^\[([^\]]*)\](?::\d+)?$/.exec(hop)?.[1];
  return bracketed ?? hop.replace(/^([\d.]+):\d+$/, "$1");
}

function toNetwork(address: string): string {
  if (!address.includes(":")) return address;
  const [head = [], tail] = address.split("::").map((part) => (part === "" ? [] : part.split(":")));
  const groups = [...head];
  if (tail !== undefined) {
    const embedded = tail.at(-1)?.includes(".") === true ? 1 : 0;
    while (groups.length < groupsOfAddress - tail.length - embedded) groups.push("0");
    groups.push(...tail);
  }
  const network = groups.slice(0, groupsOfNetwork).map((group) => Number.parseInt(group, 16).toString(16));
  return `${network.join(":")}::/64`;
}
