import { beforeEach, describe, expect, it } from "vitest";
import { createLoginGuard, type LoginGuard } from "./login-guard.ts";

const clock = { nowMs: 0 };
let guard: LoginGuard;

beforeEach(() => {
  clock.nowMs = 1_000;
  guard = createLoginGuard(() => clock.nowMs);
});

function isRefused(name: string, address: string | undefined): boolean {
  try {
    guard.begin(name, address);
    return false;
  } catch {
    return true;
  }
}

describe("failed logins", () => {
  it("make a name wait at the address where they were made, not elsewhere", () => {
    for (let count = 0; count < 5; count++) expect(isRefused("ada", "a")).toBe(false);
    expect(isRefused("ada", "a")).toBe(true);
    expect(isRefused("ada", "b")).toBe(false);
    expect(isRefused("bob", "a")).toBe(false);
    clock.nowMs += 1_000;
    expect(isRefused("ada", "a")).toBe(false);
    expect(() => guard.begin("ada", "a")).toThrow("in 2 seconds");
  });

  it("make a name wait everywhere when they come from many addresses", () => {
    for (let count = 0; count < 20; count++) expect(isRefused("ada", `address-${count}`)).toBe(false);
    expect(isRefused("ada", "address-new")).toBe(true);
  });

  it("make an address wait for every name when it tries many", () => {
    for (let count = 0; count < 50; count++) expect(isRefused(`name-${count}`, "a")).toBe(false);
    expect(isRefused("name-new", "a")).toBe(true);
    expect(isRefused("name-new", undefined)).toBe(false);
  });

  it("are forgotten with a success, but not those of the same address at others", () => {
    for (let count = 0; count < 4; count++) guard.begin("ada", "a");
    guard.begin("ada", "a").succeeded();
    for (let count = 0; count < 5; count++) expect(isRefused("ada", "a")).toBe(false);
    for (let count = 0; count < 100; count++) guard.begin(`own`, "b").succeeded();
    for (let count = 0; count < 50; count++) guard.begin(`name-${count}`, "b");
    expect(isRefused("own", "b")).toBe(true);
  });
});
