import { describe, expect, it } from "vitest";
import { type Given, load } from "./made-up-machine.test-data.ts";

describe("a cluster", () => {
  const entry = (settings = "{}") => `integrations: [{ name: kubernetes, settings: ${settings} }]`;
  it.each<[string, Given, unknown]>([
    ["outside of one, where kubectl looks", { yaml: entry() }, { kubeconfig: "/home/ann/.kube/config" }],
    ["by KUBECONFIG", { yaml: entry(), env: { KUBECONFIG: "/a:/b" } }, { kubeconfig: "/a:/b" }],
    [
      "by KUBECONFIG, with a context",
      { yaml: entry("{ context: far }"), env: { KUBECONFIG: "/a" } },
      { kubeconfig: "/a", context: "far" },
    ],
    [
      "by its own settings",
      { yaml: entry("{ api_url: 'https://c' }"), env: { KUBECONFIG: "/a" } },
      { api_url: "https://c" },
    ],
    [
      "within one, by the pod's account",
      { yaml: entry(), env: { KUBECONFIG: "/a", KUBERNETES_SERVICE_HOST: "10.0.0.1" } },
      {},
    ],
  ])("is found %s", (_how, given, expected) => {
    const { integrations } = load(given).config;
    expect(integrations.find(({ name }) => name === "kubernetes")?.settings).toEqual(expected);
  });
});
