import { describe, expect, it } from "vitest";
import { isLocalDatabase, parseDatabaseUrl } from "./database-url.ts";

describe("the address of a database", () => {
  it.each([
    [
      "postgres://llm:p%40ss@db.example.org:6543/platform?sslmode=verify-full&sslrootcert=/ca.pem",
      {
        host: "db.example.org",
        port: 6_543,
        user: "llm",
        password: "p@ss",
        database: "platform",
        tls: "verify-full",
        authorityFile: "/ca.pem",
      },
    ],
    [
      "postgresql://llm@[::1]/platform",
      { host: "::1", port: 5_432, user: "llm", password: undefined, database: "platform", tls: "disable" },
    ],
    ["postgres://llm@/platform?host=/run/postgresql", { host: "/run/postgresql", user: "llm" }],
    ["postgres://llm@localhost/platform?host=/run/postgresql", { host: "/run/postgresql" }],
  ])("%s is read", (text, address) => {
    expect(parseDatabaseUrl(text)).toMatchObject(address);
  });

  it.each([
    "mysql://llm:secret@host/platform",
    "secret",
    "postgres://llm:secret@host/",
    "postgres://host/platform?password=secret",
    "postgres://llm:secret@host/platform?sslmode=prefer",
    "postgres://llm:secret%@host/platform",
  ])("a wrong one is refused without being repeated: %s", (text) => {
    const problem = Object(parseDatabaseUrl(text)).problem;
    expect(problem).toMatch(/must be like|has sslmode|not known here/);
    expect(problem).not.toContain("secret");
  });

  it("is on this machine by a socket or a loopback address", () => {
    const local = ["/run/postgresql", "localhost", "127.0.0.1", "::1"].map((host) =>
      isLocalDatabase({ host }),
    );
    expect(local).toEqual([true, true, true, true]);
    expect(isLocalDatabase({ host: "db" })).toBe(false);
  });
});
