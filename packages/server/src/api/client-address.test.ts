import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createAddressReader, createCallerReader, internalPeer } from "./client-address.ts";

describe("the address that a caller is counted by", () => {
  const direct = createAddressReader([]);
  const behind = createAddressReader(["10.0.0.0/8", "192.168.1.1", "fd00::/8"]);

  test.each([
    ["192.0.2.1", undefined, "192.0.2.1"],
    ["::ffff:192.0.2.1", undefined, "192.0.2.1"],
    ["::FFFF:192.0.2.1", undefined, "192.0.2.1"],
    ["2001:db8:1:2:3:4:5:6", undefined, "2001:db8:1:2::/64"],
    ["2001:DB8:1:2::", undefined, "2001:db8:1:2::/64"],
    ["2001:db8::7", undefined, "2001:db8:0:0::/64"],
    ["2001:0db8:0001:0002::7", undefined, "2001:db8:1:2::/64"],
    ["fe80::1%eth0", undefined, "fe80:0:0:0::/64"],
    ["64:ff9b::192.0.2.1", undefined, "64:ff9b:0:0::/64"],
    ["::1", undefined, "0:0:0:0::/64"],
    ["", undefined, ""],
    ["", "192.0.2.9", ""],
    ["192.0.2.1", "198.51.100.7", "192.0.2.1"],
  ])("%j that forwards %j, without trusted proxies, is %j", (peer, forwarded, counted) => {
    expect(direct(peer, forwarded)).toBe(counted);
  });

  test.each([
    ["10.1.2.3", undefined, "10.1.2.3"],
    ["10.1.2.3", "198.51.100.7", "198.51.100.7"],
    ["::ffff:10.1.2.3", "198.51.100.7", "198.51.100.7"],
    ["10.1.2.3", "1.2.3.4, 198.51.100.7", "198.51.100.7"],
    ["10.1.2.3", "1.2.3.4,198.51.100.7, 192.168.1.1 ,fd00::1", "198.51.100.7"],
    ["10.1.2.3", "198.51.100.7:4711", "198.51.100.7"],
    ["10.1.2.3", "[2001:db8:1:2::9]:4711", "2001:db8:1:2::/64"],
    ["10.1.2.3", "10.9.9.9, 10.8.8.8", "10.9.9.9"],
    ["10.1.2.3", "198.51.100.7, unknown", "10.1.2.3"],
    ["10.1.2.3", "198.51.100.7, ", "10.1.2.3"],
    ["10.1.2.3", "", "10.1.2.3"],
    ["192.168.1.2", "198.51.100.7", "192.168.1.2"],
    [internalPeer, "1.2.3.4, 198.51.100.7", "198.51.100.7"],
    [internalPeer, "1.2.3.4, 198.51.100.7, 10.0.0.1", "198.51.100.7"],
  ])("%j that forwards %j, with trusted proxies, is %j", (peer, forwarded, counted) => {
    expect(behind(peer, forwarded)).toBe(counted);
  });

  test.each([
    ["::ffff:203.0.113.9", "203.0.113.9"],
    ["2001:db8::7%eth0", "2001:db8::7"],
    [internalPeer, ""],
    ["", ""],
  ])("who is put on record for %j is %j, whole", (peer, caller) => {
    expect(createCallerReader([])(peer, undefined)).toBe(caller);
    expect(createCallerReader(["10.0.0.0/8"])("10.1.2.3", peer)).toBe(caller === "" ? "10.1.2.3" : caller);
  });

  test("nothing that a caller writes changes it", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.ipV4(), fc.ipV6(), fc.string()), { maxLength: 5 }), (invented) => {
        expect(direct("203.0.113.5", invented.join(", "))).toBe("203.0.113.5");
        expect(behind("10.0.0.1", [...invented, "203.0.113.5"].join(", "))).toBe("203.0.113.5");
      }),
    );
  });

  test("all addresses of one IPv6 network of 64 bits are one, in every spelling", () => {
    fc.assert(
      fc.property(fc.ipV6(), (address) => {
        const counted = direct(address, undefined);
        // What is written as a mapped IPv4 address is one.
        if (!counted.includes(":")) return;
        expect(counted).toMatch(/^([0-9a-f]{1,4}:){3}[0-9a-f]{1,4}::\/64$/);
        expect(direct(`${counted.slice(0, -"::/64".length)}:1:2:3:4`, undefined)).toBe(counted);
      }),
    );
  });
});
