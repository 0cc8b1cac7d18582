import type { CredentialProgram } from "@llm-platform/kit";
import { describe, expect, test } from "vitest";
import { createExecCredentials } from "./exec-credential.ts";

const apiVersion = "client.authentication.k8s.io/v1" as const;
const entries = {
  user: { name: 'user "u"', directory: "/home/ann/.kube", value: {} },
  cluster: { name: 'cluster "c"', directory: "/home/ann/.kube", value: { server: "https://c" } },
};
const { signal } = new AbortController();

function answerOf(status: object, more: object = {}): string {
  return JSON.stringify({ apiVersion, kind: "ExecCredential", status, ...more });
}

function createCredentials(answers: readonly string[]) {
  const runs: CredentialProgram[] = [];
  const clock = { nowMs: Date.parse("2030-01-01T00:00:00Z") };
  const credentials = createExecCredentials({
    async run(program) {
      runs.push(program);
      return answers[Math.min(runs.length, answers.length) - 1] ?? "";
    },
    nowMs: () => clock.nowMs,
  });
  return { credentials, runs, clock };
}

describe("a program that makes credentials", () => {
  test("runs once until what it made is about to expire", async () => {
    const { credentials, runs, clock } = createCredentials([
      answerOf({ token: "one", expirationTimestamp: "2030-01-01T00:05:00Z" }),
      answerOf({ token: "two" }),
    ]);
    const get = async () => (await credentials.get({ apiVersion, command: "aws" }, entries, signal)).token;
    expect([await get(), await get()]).toEqual(["one", "one"]);
    clock.nowMs += 5 * 60_000 - 10_000;
    expect([await get(), await get()]).toEqual(["two", "two"]);
    clock.nowMs += 365 * 86_400_000;
    expect(await get()).toBe("two");
    expect(runs).toHaveLength(2);
  });

  test("runs anew once it is forgotten, or described otherwise", async () => {
    const { credentials, runs } = createCredentials([answerOf({ token: "t" })]);
    await credentials.get({ apiVersion, command: "aws" }, entries, signal);
    credentials.forget();
    await credentials.get({ apiVersion, command: "aws" }, entries, signal);
    await credentials.get({ apiVersion, command: "aws", args: ["other"] }, entries, signal);
    expect(runs.map((run) => run.arguments)).toEqual([[], [], ["other"]]);
  });

  test("gets its arguments, its variables, and what it asks of the cluster", async () => {
    const { credentials, runs } = createCredentials([answerOf({ token: "t" })]);
    const exec = {
      apiVersion,
      command: "./bin/login",
      args: ["-x"],
      env: [{ name: "AWS_PROFILE", value: "p" }],
      provideClusterInfo: true,
    };
    await credentials.get(exec, entries, signal);
    const [run] = runs;
    expect(run).toMatchObject({ command: "/home/ann/.kube/bin/login", arguments: ["-x"] });
    expect(run?.environment["AWS_PROFILE"]).toBe("p");
    expect(JSON.parse(run?.environment["KUBERNETES_EXEC_INFO"] ?? "")).toEqual({
      apiVersion,
      kind: "ExecCredential",
      spec: { interactive: false, cluster: { server: "https://c" } },
    });
  });

  test("may give a certificate", async () => {
    const { credentials } = createCredentials([
      answerOf({ clientCertificateData: "PEM", clientKeyData: "KEY" }),
    ]);
    expect(await credentials.get({ apiVersion, command: "aws" }, entries, signal)).toEqual({
      token: undefined,
      clientCertificate: { certificate: "PEM", key: "KEY" },
    });
  });

  test.each([
    ["no JSON", "Please log in: hidden-3", /exec\.command aws printed no ExecCredential/],
    ["another kind", answerOf({ token: "hidden-3" }, { kind: "Pod" }), /printed no ExecCredential/],
    ["another version", answerOf({ token: "hidden-3" }, { apiVersion: "v0" }), /answered as v0/],
    ["nothing", answerOf({}), /neither a token nor a certificate/],
    ["half of a certificate", answerOf({ clientKeyData: "hidden-3" }), /without its certificate/],
  ])("is blamed for %s", async (_what, answer, message) => {
    const { credentials } = createCredentials([answer]);
    const got = credentials.get({ apiVersion, command: "aws" }, entries, signal);
    await expect(got).rejects.toMatchObject({
      code: "config_invalid",
      message: expect.stringMatching(message),
    });
    await expect(got).rejects.not.toMatchObject({ message: expect.stringContaining("hidden-3") });
  });
});
