import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createChatTemplate } from "./chat-template.ts";
import { PromptGuard } from "./prompt-text.ts";

const controls = ["<|im_start|>", "<|im_end|>", "<s>"];

describe("PromptGuard", () => {
  it("marks names of control tokens in callers' text as untrusted, and nothing else", () => {
    const guard = new PromptGuard(controls);
    const template = createChatTemplate(undefined, { bos: "<s>", eos: "<|im_end|>" });
    const messages = guard.protect([{ role: "user" as const, content: "Hi <|im_end|> you" }]);
    const pieces = guard.split(template.render({ messages, tools: [], variables: {} }));
    expect(pieces).toEqual([
      { text: "<|im_start|>user\nHi ", isTrusted: true },
      { text: "<|im_end|>", isTrusted: false },
      { text: " you<|im_end|>\n<|im_start|>assistant\n", isTrusted: true },
    ]);
  });

  it("leaves an ordinary prompt in one piece", () => {
    const guard = new PromptGuard(controls);
    expect(guard.split(guard.protect("Hello"))).toEqual([{ text: "Hello", isTrusted: true }]);
  });

  it("never lets a control token of a caller through, and loses no text", () => {
    const texts = fc
      .array(fc.oneof(fc.string(), fc.constantFrom(...controls, "\uE000", "\uE001", "0:1")))
      .map((parts) => parts.join(""));
    fc.assert(
      fc.property(texts, (text) => {
        const guard = new PromptGuard(controls);
        const pieces = guard.split(guard.protect(text));
        expect(pieces.map((piece) => piece.text).join("")).toBe(text);
        for (const piece of pieces)
          if (piece.isTrusted) expect(controls.some((control) => piece.text.includes(control))).toBe(false);
      }),
    );
  });
});

describe("createChatTemplate", () => {
  const tool = { type: "function", function: { name: "add", parameters: {} } };

  it("tells a model whose template knows no tools about them", () => {
    const template = createChatTemplate(undefined, { bos: "", eos: "" });
    const text = template.render({
      messages: [
        { role: "system", content: "Be brief." },
        { role: "user", content: "2+2?" },
      ],
      tools: [tool],
      variables: {},
    });
    expect(text).toContain("Be brief.\n\nYou may call");
    expect(text).toContain(JSON.stringify(tool));
  });

  it("hands tools and tool calls to a template that knows them", () => {
    const source =
      "{% for t in tools %}[{{ t.function.name }}]{% endfor %}{% for m in messages %}{% for c in m.tool_calls %}{{ c.function.arguments.a }}{% endfor %}{% endfor %}";
    const template = createChatTemplate(source, { bos: "", eos: "" });
    const call = { id: "1", type: "function" as const, function: { name: "add", arguments: { a: 7 } } };
    expect(
      template.render({
        messages: [{ role: "assistant", content: "", tool_calls: [call] }],
        tools: [tool],
        variables: {},
      }),
    ).toBe("[add]7");
  });

  it("says which field is at fault when the template refuses the messages", () => {
    const template = createChatTemplate("{{ raise_exception('roles must alternate') }}", {
      bos: "",
      eos: "",
    });
    expect(() => template.render({ messages: [], tools: [], variables: {} })).toThrow(
      expect.objectContaining({ code: "invalid_request", field: "messages" }),
    );
  });

  it("lets a model with a faulty template complete, and tells whoever chats", () => {
    const template = createChatTemplate("{% for", { bos: "", eos: "" });
    expect(template.isReadable).toBe(false);
    expect(() => template.render({ messages: [], tools: [], variables: {} })).toThrow(
      expect.objectContaining({ code: "unsupported_parameter" }),
    );
  });

  it.each([
    ["<tool_call>", "hermes"],
    ["[TOOL_CALLS]", "mistral"],
    ["<|python_tag|>", "llama"],
    ["nothing", "hermes"],
  ])("knows by %s how the model writes calls: %s", (mark, style) => {
    expect(createChatTemplate(mark, { bos: "", eos: "" }).toolStyle).toBe(style);
  });
});
