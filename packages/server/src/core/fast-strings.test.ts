import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { restoreFastStrings } from "./fast-strings.ts";

setFlagsFromString("--allow-natives-syntax");
const hasFastProperties: (object: object) => boolean = runInNewContext(
  "(object) => %HasFastProperties(object)",
);

test("a class that extends String makes the methods of all strings slow, and they are made fast again", () => {
  class Tagged extends String {}
  expect(new Tagged("a").length).toBe(1);
  expect(hasFastProperties(String.prototype)).toBe(false);
  restoreFastStrings();
  expect(hasFastProperties(String.prototype)).toBe(true);
});
