import { describe, expect, it } from "vitest";
import { readEndpoints, toServers } from "./endpoint-slice.ts";

function slice(addressType: "IPv4" | "IPv6", address: string, port = 8000) {
  return {
    metadata: {
      name: `vllm-${addressType}`,
      namespace: "models",
      labels: { "kubernetes.io/service-name": "vllm" },
    },
    addressType,
    ports: [{ name: "http", port }],
    endpoints: [{ addresses: [address], targetRef: { name: "vllm-0" } }],
  };
}

describe("a pod with several addresses", () => {
  const urlOf = (...slices: ReturnType<typeof slice>[]) =>
    toServers(slices.flatMap(readEndpoints), { prefix: "k", apiKey: undefined }).map(
      ({ settings }) => settings["base_url"],
    );
  const four = slice("IPv4", "10.0.0.9");
  const six = slice("IPv6", "fd00::1");

  it("is called at that of IPv4, whatever the cluster told first", () => {
    expect(urlOf(four, six)).toEqual(["http://10.0.0.9:8000/v1"]);
    expect(urlOf(six, four)).toEqual(["http://10.0.0.9:8000/v1"]);
    expect(urlOf(six)).toEqual(["http://[fd00::1]:8000/v1"]);
  });

  it("is called at the first by its text where they are of one family", () => {
    const other = slice("IPv4", "10.0.0.10");
    expect(urlOf(four, other)).toEqual(["http://10.0.0.10:8000/v1"]);
    expect(urlOf(other, four)).toEqual(["http://10.0.0.10:8000/v1"]);
  });
});
