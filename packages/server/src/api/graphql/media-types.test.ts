import { expect, test } from "vitest";
import { chooseForm, wantsPage } from "./media-types.ts";

test.each([
  [undefined, "application/json"],
  ["*/*", "application/json"],
  ["application/json", "application/json"],
  ["application/graphql-response+json", "application/graphql-response+json"],
  ["application/json;q=0.5, application/graphql-response+json", "application/graphql-response+json"],
  ["text/event-stream", "text/event-stream"],
  ["text/html, */*;q=0.1", "application/json"],
])("who accepts %s gets %s", (accept, type) => {
  expect(chooseForm(accept)?.contentType).toBe(`${type}; charset=utf-8`);
});

test("who accepts nothing of it gets nothing", () => {
  expect(chooseForm("text/plain")).toBeUndefined();
  expect(chooseForm("application/json;q=0")).toBeUndefined();
  expect(chooseForm("constructor")).toBeUndefined();
});

test("only who names JSON alone is taken for an old client", () => {
  expect(chooseForm("application/json")?.isLegacy).toBe(true);
  expect(chooseForm("*/*")?.isLegacy).toBe(false);
});

test("a browser wants the page", () => {
  expect(wantsPage("text/html,application/xhtml+xml,*/*;q=0.8")).toBe(true);
  expect(wantsPage("application/json")).toBe(false);
});
