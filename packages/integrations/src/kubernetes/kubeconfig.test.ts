import { PlatformError } from "@llm-platform/kit";
import { describe, expect, test } from "vitest";
import { chooseContext } from "./kubeconfig.ts";

const whole = {
  "current-context": "home",
  contexts: [
    { name: "home", context: { cluster: "c", user: "u" } },
    { name: "away", context: { cluster: "far", user: "u", namespace: "models" } },
  ],
  clusters: [
    { name: "c", cluster: { server: "https://c:6443" } },
    { name: "far", cluster: { server: "https://far" } },
  ],
  users: [{ name: "u", user: { token: "t-1" } }],
};

const file = (value: unknown, path = "/home/ann/.kube/config") => ({ path, text: JSON.stringify(value) });

function refusalOf(value: unknown, context?: string): string {
  try {
    chooseContext([file(value)], context);
  } catch (error) {
    if (error instanceof PlatformError && error.code === "config_invalid" && error.field === "kubeconfig")
      return error.message;
    throw error;
  }
  throw new Error("it was taken");
}

describe("a kubeconfig", () => {
  test("gives the cluster and the user of its context, or of the one that is asked for", () => {
    expect(chooseContext([file(whole)], undefined)).toMatchObject({
      cluster: { name: 'cluster "c"', directory: "/home/ann/.kube", value: { server: "https://c:6443" } },
      user: { value: { token: "t-1" } },
    });
    expect(chooseContext([file(whole)], "away").cluster.value.server).toBe("https://far");
  });

  test("of several the first that has a name counts, each with its own folder", () => {
    const first = { users: [{ name: "u", user: { tokenFile: "token" } }] };
    const second = { ...whole, users: [{ name: "u", user: { token: "never" } }] };
    const { user, cluster } = chooseContext([file(first, "/a/one"), file(second, "/b/two")], undefined);
    expect(user).toMatchObject({ directory: "/a", value: { tokenFile: "token" } });
    expect(user.value.token).toBeUndefined();
    expect(cluster.directory).toBe("/b");
  });

  test("is YAML, and what it says beside that does not matter", () => {
    const text = [
      "apiVersion: v1",
      "kind: Config",
      "preferences: {}",
      "current-context: home",
      "contexts: [{ name: home, context: { cluster: c, user: u } }]",
      "clusters:",
      "- name: c",
      "  cluster: { server: 'https://c', extensions: [{ name: x, extension: {} }] }",
      "users: [{ name: u, user: {} }, { name: other, user: { username: ann } }]",
    ].join("\n");
    expect(chooseContext([{ path: "/k", text }], undefined).cluster.value.server).toBe("https://c");
  });

  const withUser = (user: unknown) => ({ ...whole, users: [{ name: "u", user }] });
  const withCluster = (cluster: unknown) => ({ ...whole, clusters: [{ name: "c", cluster }] });
  const exec = { apiVersion: "client.authentication.k8s.io/v1", command: "aws" };

  test.each<[string, unknown, string | undefined, RegExp]>([
    ["no context", { ...whole, "current-context": "" }, undefined, /current-context is not set/],
    ["a context that is not there", whole, "moon", /context "moon" is not there; there are: home, away/],
    ["a cluster that is not there", { ...whole, clusters: null }, undefined, /cluster "c" is not there/],
    [
      "a user that is not there",
      { ...whole, users: [] },
      undefined,
      /user "u" is not there; there are: none/,
    ],
    ["no server", withCluster({}), undefined, /cluster "c": server/],
    ["a server that is none", withCluster({ server: "c:6443" }), undefined, /must be an http:\/\/ or https/],
    ["a proxy", withCluster({ server: "https://c", "proxy-url": "http://p" }), undefined, /proxy-url is not/],
    [
      "a password",
      withUser({ username: "ann", password: "hidden-1" }),
      undefined,
      /username is not supported/,
    ],
    ["an old plugin", withUser({ "auth-provider": { name: "gcp" } }), undefined, /auth-provider is not/],
    ["acting as another", withUser({ token: "t", as: "root" }), undefined, /as is not supported/],
    ["a program without a name", withUser({ exec: { ...exec, command: "" } }), undefined, /exec\.command/],
    ["an unknown version", withUser({ exec: { ...exec, apiVersion: "v2" } }), undefined, /exec\.apiVersion/],
    [
      "a program that asks people",
      withUser({ exec: { ...exec, interactiveMode: "Always" } }),
      undefined,
      /exec\.interactiveMode must be Never/,
    ],
    ["lists that are none", { ...whole, users: "none" }, undefined, /config: users/],
  ])("is refused for %s, by name and without its secrets", (_what, value, context, message) => {
    const refusal = refusalOf(value, context);
    expect(refusal).toMatch(message);
    expect(refusal).not.toMatch(/hidden-1|t-1/);
  });

  test("that is no YAML is refused by its line, which is not shown", () => {
    const text = "users:\n- name: u\n  user: { token: hidden-2, : ]\n";
    const refuse = () => chooseContext([{ path: "/k", text }], undefined);
    expect(refuse).toThrow(/\/k is not YAML, at line 3/);
    expect(refuse).not.toThrow(/hidden-2/);
  });
});
