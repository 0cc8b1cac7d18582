import { isIPv4, isIPv6 } from "node:net";

/**
 * Whether an address must never be connected to, whatever the configuration says:
 * link-local ranges (RFC 3927, RFC 4291 section 2.5.6), where cloud providers keep the credentials of a machine, and the
 * unspecified address.
 * Judged on the address's bytes, not on its spelling.
 */
export function isForbiddenAddress(address: string): boolean {
  const plain = address.toLowerCase().split("%")[0] ?? "";
  if (isIPv4(plain)) return isForbiddenIpv4(plain);
  if (!isIPv6(plain)) return true;
  const groups = expandIpv6(plain);
  const isMapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  if (isMapped) {
    const [high = 0, low = 0] = groups.slice(6);
    return isForbiddenIpv4(`${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`);
  }
  const first = groups[0] ?? 0;
  const isUnspecified = groups.every((group) => group === 0);
  const isLinkLocal = (first & 0xffc0) === 0xfe80;
  const isCloudMetadata = first === 0xfd00 && groups[1] === 0x0ec2;
  return isUnspecified || isLinkLocal || isCloudMetadata;
}

function isForbiddenIpv4(address: string): boolean {
  const [first, second] = address.split(".").map(Number);
  return first === 0 || (first === 169 && second === 254);
}

function expandIpv6(address: string): readonly number[] {
  const withoutIpv4 = address.replace(/\d+\.\d+\.\d+\.\d+$/, (ipv4: string) => {
    const [first = 0, second = 0, third = 0, fourth = 0] = ipv4.split(".").map(Number);
    return `${((first << 8) | second).toString(16)}:${((third << 8) | fourth).toString(16)}`;
  });
  const [head = "", tail] = withoutIpv4.split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? 0 : 8 - left.length - right.length;
  return [...left, ...Array.from({ length: zeros }, () => "0"), ...right].map((group) =>
    Number.parseInt(group, 16),
  );
}
