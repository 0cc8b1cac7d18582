import { expect, it } from "vitest";
import { type ClaimRules, readExternalIdentity } from "./external-identity.ts";

const rules: ClaimRules = {
  groupsClaim: "groups",
  roleMapping: { staff: "developer", ops: "operator", root: "admin" },
  defaultRole: undefined,
  teamMapping: undefined,
  allowedEmailDomains: undefined,
};
const read = (claims: object, change: Partial<ClaimRules> = {}) =>
  readExternalIdentity({ sub: "1", ...claims }, { ...rules, ...change });

it.each([
  [{ groups: ["staff"] }, "developer"],
  [{ groups: ["staff", "ops"] }, "operator"],
  [{ groups: "root" }, "admin"],
  [{ groups: ["other"] }, undefined],
  [{ groups: [] }, undefined],
  [{}, undefined],
  [{ groups: ["__proto__", "constructor", "toString"] }, undefined],
  [{ groups: { staff: true } }, undefined],
  [{ groups: [["staff"], 7, null] }, undefined],
  [{ groups: ["Staff", "staff "] }, undefined],
  [{ roles: ["root"], role: "admin" }, undefined],
])("groups of %j give the role %s", (claims, role) => {
  const found = read(claims);
  expect(found.type === "user" ? found.role : undefined).toBe(role);
});

it("who has no mapped group has the default role, where there is one", () => {
  expect(read({ groups: ["other"] }, { defaultRole: "viewer" })).toMatchObject({ role: "viewer" });
  expect(read({ groups: ["ops"] }, { defaultRole: "viewer" })).toMatchObject({ role: "operator" });
});

it("of several roles admin counts, then one that was made here, then the others", () => {
  const roleMapping = { a: "viewer", b: "ml-lead", c: "auditor", d: "operator", e: "admin" };
  const roleOf = (groups: readonly string[]) => read({ groups }, { roleMapping });
  expect(roleOf(["a", "d"])).toMatchObject({ role: "operator" });
  expect(roleOf(["d", "c", "b"])).toMatchObject({ role: "ml-lead" });
  expect(roleOf(["c", "e"])).toMatchObject({ role: "admin" });
});

it.each([
  [["staff"], undefined, undefined],
  [["staff"], { ml: "lab" }, null],
  [["staff", "ml"], { ml: "lab" }, "lab"],
  [["b", "a", "staff"], { a: "first", b: "second" }, "first"],
  [["staff", "__proto__"], {}, null],
])("groups of %j with teams %j: %s", (groups, teamMapping, team) => {
  expect(read({ groups }, { teamMapping })).toMatchObject({ role: "developer", team });
});

it.each([
  [{ email: "ada@example.org", email_verified: true }, "user"],
  [{ email: "Ada@Example.Org", email_verified: true }, "user"],
  [{ email: "ada@example.org", email_verified: false }, "refused"],
  [{ email: "ada@example.org", email_verified: "true" }, "refused"],
  [{ email: "ada@example.org", email_verified: 1 }, "refused"],
  [{ email: "ada@example.org" }, "refused"],
  [{ email: "ada@example.org.evil.test", email_verified: true }, "refused"],
  [{ email: "ada@evil.test@example.org", email_verified: true }, "user"],
  [{ email: "example.org@evil.test", email_verified: true }, "refused"],
  [{ email_verified: true }, "refused"],
])("%j where only example.org may: %s", (claims, type) => {
  expect(read(claims, { defaultRole: "viewer", allowedEmailDomains: ["example.org"] }).type).toBe(type);
});

it("is called by a verified e-mail address, else by a name, without odd characters", () => {
  const label = (claims: object) => {
    const found = read(claims, { defaultRole: "viewer" });
    return found.type === "user" ? found.label : "";
  };
  expect(label({ email: "ada@example.org", email_verified: true, preferred_username: "x" })).toBe(
    "ada@example.org",
  );
  expect(label({ email: "ada@example.org", preferred_username: "ada" })).toBe("ada");
  expect(label({})).toBe("1");
  expect(label({ preferred_username: 'a\n\u001b[31m"b (c)' })).toBe("a___31m_b__c_");
});
