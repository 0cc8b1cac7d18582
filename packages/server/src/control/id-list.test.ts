import { expect, test } from "vitest";
import { idList, within } from "./id-list.ts";

test("a list of ids is read from a text, each once", () => {
  expect(idList("Ids.").parse("a,b,a")).toEqual(["a", "b"]);
  expect(idList("Ids.").safeParse("a,,b").success).toBe(false);
  expect(idList("Ids.").safeParse(Array.from({ length: 101 }, (_, index) => index).join(",")).success).toBe(
    false,
  );
});

test("one id and a list of them must both hold", () => {
  expect(within(undefined, undefined)).toBeUndefined();
  expect(within("a", undefined)).toEqual(["a"]);
  expect(within(undefined, ["a", "b"])).toEqual(["a", "b"]);
  expect(within("a", ["a", "b"])).toEqual(["a"]);
  expect(within("c", ["a", "b"])).toEqual([""]);
});
