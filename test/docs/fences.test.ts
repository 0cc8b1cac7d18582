import { expect, test } from "vitest";
import { readFences } from "./fences.ts";

const page = (comment: string) => `# Title\n\n<!-- ${comment} -->\n\n\`\`\`sh\necho a\necho b\n\`\`\`\n`;

test("a comment before a block says what is done with it", () => {
  expect(readFences(page('run: expect="a b" expect="c" patient exit="2"'))).toEqual([
    {
      language: "sh",
      text: "echo a\necho b",
      line: 5,
      marker: {
        kind: "run",
        expect: ["a b", "c"],
        until: undefined,
        isPatient: true,
        exitCode: 2,
        isContinued: false,
        instead: undefined,
      },
    },
  ]);
  expect(readFences(page("file: a.yaml"))[0]?.marker).toEqual({ kind: "file", name: "a.yaml" });
  expect(readFences(page("not run: it needs a cluster"))[0]?.marker).toEqual({
    kind: "not run",
    reason: "it needs a cluster",
  });
});

test("it belongs to the next block only, and to none behind other text", () => {
  const text = `${page("run")}\nMore.\n\n\`\`\`sh\necho c\n\`\`\`\n`;
  expect(readFences(text).map(({ marker }) => marker?.kind)).toEqual(["run", undefined]);
  expect(readFences(text.replace("<!-- run -->", "<!-- run -->\nText."))[0]?.marker).toBeUndefined();
});

test("what cannot be meant is refused with its line", () => {
  expect(() => readFences(page('run: expects="a"'))).toThrow("line 3: run has no option expects");
  expect(() => readFences(page("not run"))).toThrow("line 3: why is it not run?");
  expect(() => readFences(page('run: instead="true"'))).toThrow(
    'line 3: what is run instead says because="…"',
  );
  expect(() => readFences("```sh\necho a\n")).toThrow("line 1: the block has no end");
});
