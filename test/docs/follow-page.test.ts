import { expect, test } from "vitest";
import { followPages, unmarkedFences } from "./follow-page.ts";

const block = (marker: string, text: string, language = "sh") =>
  `<!-- ${marker} -->\n\n\`\`\`${language}\n${text}\n\`\`\`\n\n`;

test("the shell stays where it went, keeps what was exported, and files are where it is", async () => {
  const page = [
    block("run", "mkdir inside\ncd inside\nexport WHO='a b'"),
    block("file: who.txt", "somebody", "txt"),
    block('run: expect="somebody a b" expect="/inside"', 'echo "$(cat who.txt) $WHO"; pwd'),
    block("output", "somebody a b", "txt"),
    block("shows: who.txt", "somebody", "txt"),
    block('run: exit="3"', "exit 3"),
    block('run: instead="echo here" expect="here" because="elsewhere is far"', "echo elsewhere"),
    block('run: expect="42"', "const sum: number = 40 + 2;\nconsole.log(sum);", "ts"),
    block('run: continues expect="43"', "console.log(sum + 1);", "ts"),
    block('run: expect="own: user_0123456789abcdef0"', "echo user_0123456789abcdef0\necho own: user_…"),
  ];
  await followPages({ pages: [{ name: "a page", text: page.join("") }] });
});

test.each([
  ["a command that fails", block("run", "false"), "line 3: it ended with 1, not 0"],
  [
    "one that goes well where it should not",
    block('run: exit="1"', "true"),
    "line 3: it ended with 0, not 1",
  ],
  ["a step that fails in the middle", block("run", "false\ntrue"), "line 3: it ended with 1, not 0"],
  ["another output", block('run: expect="b"', "echo a"), "line 3: its output lacks b"],
  ["lines in another order", block("run", "echo a; echo b") + block("output", "b\na"), "line 9: the output"],
  [
    "a file that says something else",
    block("file: a", "1") + block("shows: a", "2"),
    "line 9: a has no line",
  ],
  ["a server that ends", block('run: until="started"', "echo no"), "line 3: it ended before it said started"],
])("%s is told with its line", async (_what, page, problem) => {
  await expect(followPages({ pages: [{ name: "a page", text: page }] })).rejects.toThrow(
    `a page, ${problem}`,
  );
});

test("a block of which a page says nothing is told, whatever its text is for", () => {
  const page = `\`\`\`sh\nrm -rf /\n\`\`\`\n\n\`\`\`mermaid\na\n\`\`\`\n\n${block("not run: it takes a day", "x")}`;
  expect(unmarkedFences(page)).toEqual(["line 1: a block of sh is neither run nor says why not"]);
});
