import { expect, test } from "vitest";
import { createChatTemplate } from "./chat-template.ts";
import { StopMatcher } from "./stop-matcher.ts";

const tokens = { bos: "<s>", eos: "</s>" };
const messages = [{ role: "user", content: "Hello" }] as const;

test("a model without a template is asked in ChatML, and its answer ends where that would", () => {
  const template = createChatTemplate(undefined, tokens);
  expect(template.render({ messages, tools: [], variables: {} })).toBe(
    "<|im_start|>user\nHello<|im_end|>\n<|im_start|>assistant\n",
  );
  for (const said of ["Hi.<|im_end|>\n<|im_start|>user\nHello", "Hi.<|im_start|>user\nHello"]) {
    const stops = new StopMatcher(template.endings);
    expect(stops.push(said)).toMatchObject({ text: "Hi.", isStopped: true });
  }
});

test("a model's own template adds no ending to its tokens", () => {
  const template = createChatTemplate("{{ messages[0].content }}", tokens);
  expect(template.endings).toEqual([]);
  expect(template.render({ messages, tools: [], variables: {} })).toBe("Hello");
});

test.each([
  [
    "{% for key, value in tools[0].properties.items() %}{{ key + '=' + value.type + ' ' }}{% endfor %}",
    "items=array a=string ",
  ],
  ["{{ tools[0].properties.items() | length }}", "2"],
  ["{{ tools[0].properties.items()[1][0] }}", "a"],
  ["{% if tools[0].properties.items() %}{{ tools[0].properties.items.type }}{% endif %}", "array"],
  ["{{ tools[0]['properties'].items() | list | length + tools[0].properties['items'] | length }}", "3"],
])("a tool with a parameter called items is rendered by %s", (source, text) => {
  const tools = [{ properties: { items: { type: "array" }, a: { type: "string" } } }];
  expect(createChatTemplate(source, tokens).render({ messages, tools, variables: {} })).toBe(text);
});
