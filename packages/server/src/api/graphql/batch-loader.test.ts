import { expect, test } from "vitest";
import { BatchLoader } from "./batch-loader.ts";

function createCounted() {
  const asked: (readonly string[])[] = [];
  const loader = new BatchLoader(async (keys: readonly string[]) => {
    asked.push([...keys]);
    return new Map(keys.filter((key) => key !== "none").map((key) => [key, `found ${key}`]));
  });
  return { asked, loader };
}

test("what is asked for in one turn is looked up at once, each thing once", async () => {
  const { asked, loader } = createCounted();
  const found = await Promise.all(["a", "b", "a", "none"].map((key) => loader.get(key)));
  expect(found).toEqual(["found a", "found b", "found a", undefined]);
  expect(asked).toEqual([["a", "b", "none"]]);
  expect(await loader.get("b")).toBe("found b");
  expect(asked).toHaveLength(1);
});

test("of very many each look-up takes a hundred", async () => {
  const { asked, loader } = createCounted();
  await Promise.all(Array.from({ length: 250 }, (_, index) => loader.get(String(index))));
  expect(asked.map((keys) => keys.length)).toEqual([100, 100, 50]);
});

test("all that wait hear of a look-up that fails", async () => {
  const loader = new BatchLoader(() => Promise.reject(new Error("away")));
  const settled = await Promise.allSettled([loader.get("a"), loader.get("b")]);
  expect(settled.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
});
