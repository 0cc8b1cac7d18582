import { Secret } from "@llm-platform/kit";
import { describe, expect, it } from "vitest";
import { KnownSecrets } from "./known-secrets.ts";
import { findSecrets } from "./shown-value.ts";

describe("known secrets", () => {
  it("are taken out of texts and of values, names of members included, also as JSON writes them", () => {
    const secrets = new KnownSecrets();
    secrets.learn(["sk-0123456789", 'with "quotes"']);
    expect(secrets.hide("a sk-0123456789b sk-0123456789")).toBe("a [secret]b [secret]");
    expect(secrets.hide(JSON.stringify({ said: 'with "quotes"' }))).toBe('{"said":"[secret]"}');
    expect(secrets.hideIn({ "x sk-0123456789": [{ y: "sk-0123456789", z: 1 }], none: null })).toEqual({
      "x [secret]": [{ y: "[secret]", z: 1 }],
      none: null,
    });
  });

  it("are no words that any text may hold", () => {
    const secrets = new KnownSecrets();
    secrets.learn(["", "admin", "1234567"]);
    expect(secrets.hide("admin 1234567 admin")).toBe("admin 1234567 admin");
  });

  it("are bounded in number, the newest stay", () => {
    const secrets = new KnownSecrets();
    secrets.learn(["the-first-secret"]);
    secrets.learn(Array.from({ length: 2_000 }, (_, index) => `secret-number-${index}`));
    expect(secrets.hide("the-first-secret")).toBe("the-first-secret");
    expect(secrets.hide("secret-number-1999")).toBe("[secret]");
  });
});

describe("the secrets of a value", () => {
  it("are what is one by class or by schema, whatever stands below it, and passwords in addresses", () => {
    const schema = {
      properties: {
        token: { type: "string", format: "secret" },
        headers: { type: "object", additionalProperties: { type: "string", format: "secret" } },
        login: { type: "object", format: "secret" },
      },
    };
    const value = {
      token: "by-schema",
      headers: { "x-key": "by-member" },
      login: { password: ["below-one"] },
      base_url: "https://ada:p%40ss@example.org/v1",
      name: "no secret",
      deep: [{ key: new Secret("by-class") }],
    };
    expect(findSecrets(value, schema)).toEqual([
      "by-schema",
      "by-member",
      "below-one",
      "p%40ss",
      "p@ss",
      "by-class",
    ]);
  });
});
