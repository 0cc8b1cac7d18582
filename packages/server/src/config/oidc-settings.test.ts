import { Secret } from "@llm-platform/kit";
import { expect, it } from "vitest";
import { oidcProviders } from "./oidc-settings.ts";

const good = {
  name: "corp",
  issuer: "https://id.example.org",
  audience: "llm",
  role_mapping: { staff: "developer" },
};

function problemsOf(entries: readonly object[]): readonly string[] {
  const { error } = oidcProviders.safeParse(entries);
  return (error?.issues ?? []).map(({ path }) => path.join("."));
}

it("a provider needs a name, an issuer, an audience, and somebody who has access", () => {
  expect(oidcProviders.parse([{ ...good, client_id: "me", client_secret: "secret" }])).toMatchObject([
    { groups_claim: "groups", client_secret: expect.any(Secret) },
  ]);
  expect(problemsOf([{}])).toEqual(["0.name", "0.issuer", "0.audience"]);
});

it.each([
  [{ ...good, issuer: "http://id.example.org" }, "0.issuer"],
  [{ ...good, issuer: "https://id.example.org?x=1" }, "0.issuer"],
  [{ ...good, issuer: "https://me@id.example.org" }, "0.issuer"],
  [{ ...good, issuer: "file:///etc/passwd" }, "0.issuer"],
  [{ ...good, name: "../corp" }, "0.name"],
  [{ ...good, client_secret: "secret" }, "0.client_id"],
  [{ ...good, role_mapping: {} }, "0.role_mapping"],
  [{ ...good, role_mapping: { staff: "no role has this name?" } }, "0.role_mapping.staff"],
  [{ ...good, allowed_email_domains: ["Example.org"] }, "0.allowed_email_domains.0"],
])("%j is refused at %s", (entry, path) => {
  expect(problemsOf([entry])).toEqual([path]);
});

it("an issuer on this machine may be without TLS", () => {
  expect(problemsOf([{ ...good, issuer: "http://127.0.0.1:9000" }])).toEqual([]);
});

it("two providers have names and issuers of their own", () => {
  expect(problemsOf([good, good])).toEqual(["1.name", "1.issuer"]);
});
