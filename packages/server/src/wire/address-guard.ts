import { isIPv4, isIPv6 } from "node:net";
import type { NetworkReach } from "@llm-platform/kit";

/** Where an address lies. Nothing is ever connected to a `forbidden` one, whatever the configuration says. */
export type AddressClass = "private" | "public" | "forbidden";

interface Range {
  readonly groups: readonly number[];
  /** Leading bits that count. */
  readonly bits: number;
}

/** Unspecified (RFC 1122), link-local (RFC 3927), multicast (RFC 5771), reserved (RFC 1112), and where clouds keep a machine's credentials. */
const forbiddenIpv4: readonly Range[] = [
  ipv4Range("0.0.0.0", 8),
  ipv4Range("169.254.0.0", 16),
  ipv4Range("224.0.0.0", 3),
  ipv4Range("100.100.100.200", 32),
  ipv4Range("168.63.129.16", 32),
  ipv4Range("192.0.0.192", 32),
];
/** Loopback (RFC 1122), private (RFC 1918), shared (RFC 6598), protocol assignments (RFC 6890) and benchmarks (RFC 2544). */
const privateIpv4: readonly Range[] = [
  ipv4Range("127.0.0.0", 8),
  ipv4Range("10.0.0.0", 8),
  ipv4Range("172.16.0.0", 12),
  ipv4Range("192.168.0.0", 16),
  ipv4Range("100.64.0.0", 10),
  ipv4Range("192.0.0.0", 24),
  ipv4Range("198.18.0.0", 15),
];
/** Link-local (RFC 4291 section 2.5.6), multicast, and the metadata services of clouds. */
const forbiddenIpv6: readonly Range[] = [
  { groups: [0xfe80], bits: 10 },
  { groups: [0xff00], bits: 8 },
  { groups: [0xfd00, 0x0ec2], bits: 32 },
  { groups: [0xfd20, 0x00ce, 0, 0, 0, 0, 0, 0x0254], bits: 128 },
];
/** Unique local (RFC 4193), the older site-local, and loopback. */
const privateIpv6: readonly Range[] = [
  { groups: [0xfc00], bits: 7 },
  { groups: [0xfec0], bits: 10 },
  { groups: [0, 0, 0, 0, 0, 0, 0, 1], bits: 128 },
];
/** What an IPv4 address stands in, at its end: mapped (RFC 4291), compatible, translated (RFC 6052, RFC 2765). */
const carriersOfIpv4: readonly Range[] = [
  { groups: [0, 0, 0, 0, 0, 0xffff], bits: 96 },
  { groups: [0, 0, 0, 0, 0, 0], bits: 96 },
  { groups: [0x64, 0xff9b, 0, 0, 0, 0], bits: 96 },
  { groups: [0, 0, 0, 0, 0xffff, 0], bits: 96 },
];
/** What has one behind its first group (RFC 3056). */
const sixToFour = 0x2002;

/** Judges an address by its bytes, not by its spelling. What is no address is forbidden. */
export function classifyAddress(address: string): AddressClass {
  const plain = address.toLowerCase().split("%")[0] ?? "";
  if (isIPv4(plain)) return classifyIpv4(ipv4Groups(plain));
  if (!isIPv6(plain)) return "forbidden";
  const groups = expandIpv6(plain);
  if (isWithin(groups, forbiddenIpv6)) return "forbidden";
  if (isWithin(groups, privateIpv6)) return "private";
  if (isWithin(groups, carriersOfIpv4)) return classifyIpv4(groups.slice(6));
  return groups[0] === sixToFour ? classifyIpv4(groups.slice(1, 3)) : "public";
}

/** Whether an address may be connected to. */
export function isAllowedAddress(address: string, network: NetworkReach): boolean {
  const found = classifyAddress(address);
  return found !== "forbidden" && (network === "any" || network === found);
}

function classifyIpv4(groups: readonly number[]): AddressClass {
  if (isWithin(groups, forbiddenIpv4)) return "forbidden";
  return isWithin(groups, privateIpv4) ? "private" : "public";
}

function isWithin(groups: readonly number[], ranges: readonly Range[]): boolean {
  return ranges.some((range) =>
    groups.every((group, index) => {
      const bits = Math.min(16, Math.max(0, range.bits - index * 16));
      const mask = (0xffff << (16 - bits)) & 0xffff;
      return (group & mask) === ((range.groups[index] ?? 0) & mask);
    }),
  );
}

function ipv4Range(address: string, bits: number): Range {
  return { groups: ipv4Groups(address), bits };
}

/** The two halves of an IPv4 address. */
function ipv4Groups(address: string): readonly number[] {
  const [first = 0, second = 0, third = 0, fourth = 0] = address.split(".").map(Number);
  return [(first << 8) | second, (third << 8) | fourth];
}

function expandIpv6(address: string): readonly number[] {
  const withoutIpv4 = address.replace(/\d+\.\d+\.\d+\.\d+$/, (ipv4: string) =>
    ipv4Groups(ipv4)
      .map((group) => group.toString(16))
      .join(":"),
  );
  const [head = "", tail] = withoutIpv4.split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? 0 : 8 - left.length - right.length;
  return [...left, ...Array.from({ length: zeros }, () => "0"), ...right].map((group) =>
    Number.parseInt(group, 16),
  );
}
