import { describe, expect, it } from "vitest";
import { type AddressClass, classifyAddress, isAllowedAddress } from "./address-guard.ts";

const cases: Readonly<Record<AddressClass, readonly string[]>> = {
  forbidden: [
    "0.0.0.0",
    "0.1.2.3",
    "169.254.0.1",
    "169.254.169.254",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::ffff:169.254.169.254",
    "::ffff:a9fe:a9fe",
    "::ffff:0.0.0.0",
    "::169.254.169.254",
    "::ffff:0:169.254.169.254",
    "64:ff9b::169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "2002:a9fe:a9fe::1",
    "fe80::1",
    "fe80::1%eth0",
    "febf::1",
    "FE80::1",
    "fd00:ec2::254",
    "fd00:0ec2:0:0::254",
    "fd20:ce::254",
    "ff02::1",
    "no address",
    "",
    "2852039166",
    "0xa9fea9fe",
  ],
  private: [
    "127.0.0.1",
    "127.255.255.255",
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "100.64.0.1",
    "198.18.0.1",
    "::1",
    "0:0:0:0:0:0:0:1",
    "::ffff:127.0.0.1",
    "::ffff:7f00:1",
    "::127.0.0.1",
    "64:ff9b::10.0.0.1",
    "2002:0a00:0001::1",
    "fc00::1",
    "fd12:3456::1",
    "fec0::1",
  ],
  public: [
    "1.1.1.1",
    "172.15.255.255",
    "172.32.0.1",
    "100.63.255.255",
    "100.128.0.1",
    "169.253.255.255",
    "192.0.1.1",
    "223.255.255.255",
    "2606:4700::1111",
    "::ffff:1.1.1.1",
    "64:ff9b::1.1.1.1",
    "2002:0101:0101::1",
  ],
};

describe.each(Object.entries(cases))("addresses that are %s", (expected, addresses) => {
  it.each(addresses)("%j", (address) => {
    expect(classifyAddress(address)).toBe(expected);
    const allowed = (["private", "public", "any"] as const).filter((network) =>
      isAllowedAddress(address, network),
    );
    expect(allowed).toEqual(expected === "forbidden" ? [] : [expected, "any"]);
  });
});
