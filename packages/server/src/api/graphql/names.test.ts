import { expect, test } from "vitest";
import { rootFieldName, toEnumName, toFieldName, toTypeName } from "./names.ts";

test.each([
  ["keys.list", "keys"],
  ["keys.get", "key"],
  ["keys.create", "keysCreate"],
  ["integrations.restart_all", "integrationsRestartAll"],
  ["users.set_password", "usersSetPassword"],
  ["access.whoami", "me"],
])("the operation %s is the field %s", (operation, field) => {
  expect(rootFieldName(operation)).toBe(field);
});

test("names are of the same words as elsewhere", () => {
  expect(toFieldName("next_retry_at")).toBe("nextRetryAt");
  expect(toTypeName("usage.sum.duration_ms")).toBe("UsageSumDurationMs");
  expect(toEnumName("models.read")).toBe("MODELS_READ");
  expect(toEnumName("auth_required")).toBe("AUTH_REQUIRED");
  expect(toEnumName("24h")).toBe("_24H");
});
