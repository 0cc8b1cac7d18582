import { expect, test } from "vitest";
import { writeSnippet } from "./snippets.ts";

const call = { origin: "http://127.0.0.1:8000", key: "llmp_key" };

test("a shell is given a name of any signs as one argument", () => {
  const text = writeSnippet("curl", { ...call, model: "it's $(id)" });
  expect(text).toContain(String.raw`"model":"it'\''s $(id)"`);
  expect(text).toContain("'authorization: Bearer llmp_key'");
});

test.each(["python", "javascript"] as const)("%s is told the address, the model and the key", (language) => {
  const text = writeSnippet(language, { ...call, model: 'a "b"' });
  for (const part of ['"http://127.0.0.1:8000/v1"', '"llmp_key"', String.raw`"a \"b\""`])
    expect(text).toContain(part);
});
