import { describe, expect, test } from "vitest";
import { permissionNames, permissionsOf, requirePermission, roleNames, rolesWith } from "./permissions.ts";

const viewer = { name: "ann", permissions: permissionsOf("viewer") };

describe("roles", () => {
  test("an admin is allowed everything, and nobody else is", () => {
    for (const permission of permissionNames) expect(rolesWith(permission)).toContain("admin");
    for (const role of roleNames.filter((each) => each !== "admin"))
      expect(permissionsOf(role).size).toBeLessThan(permissionNames.length);
  });

  test("a viewer changes nothing but what is the own, and spends nothing", () => {
    for (const permission of permissionsOf("viewer"))
      if (permission !== "self.write") expect(permission).toMatch(/\.read(_own)?$/);
  });

  test("who lacks a permission is told which one, and which roles have it", () => {
    expect(() => requirePermission(viewer, "usage.read")).not.toThrow();
    expect(() => requirePermission(viewer, "models.write")).toThrow(
      expect.objectContaining({
        code: "forbidden",
        message: "ann lacks the permission models.write. Ask an admin for one of the roles admin, operator.",
      }),
    );
  });
});
