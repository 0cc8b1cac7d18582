import { expect, test } from "vitest";
import { writeSnippet } from "./snippets.ts";

const origin = "http://127.0.0.1:8000";
const messages = [{ role: "user", content: `it's $(id) "b"` }];
const body = { model: "a/b", messages, seed: 7, stream: true, tools: [{ strict: true, default: null }] };

test("a shell hands curl the body as it is, whatever it holds", () => {
  const text = writeSnippet("curl", { origin, body, key: "it's" });
  expect(text).toContain(`<<'JSON'\n${JSON.stringify(body)}\nJSON`);
  expect(text).toContain(String.raw`'authorization: Bearer it'\''s'`);
});

test("a key that is not written in comes from the environment", () => {
  for (const language of ["curl", "python", "typescript"] as const)
    expect(writeSnippet(language, { origin, body, key: undefined })).toContain("LLM_PLATFORM_API_KEY");
});

test.each(["python", "typescript"] as const)("%s is told the address, the key and the body", (language) => {
  const text = writeSnippet(language, { origin, body, key: "llmp_key" });
  for (const part of ['"http://127.0.0.1:8000/v1"', '"llmp_key"', String.raw`"it's $(id) \"b\""`])
    expect(text).toContain(part);
});

test("Python has its own words for what JSON has others for", () => {
  const text = writeSnippet("python", { origin, body, key: "k" });
  expect(text).toContain("    stream=True,\n");
  expect(text).toContain('"default": None,');
  expect(text).not.toMatch(/\b(true|null)\b/);
});

test("what is not streamed is printed whole", () => {
  const call = { origin, body: { model: "a", messages: [] }, key: "k" };
  expect(writeSnippet("python", call)).toContain("print(answer.choices[0].message.content)");
  expect(writeSnippet("typescript", call)).toContain("console.log(answer.choices[0]?.message.content);");
});
