import { describe, expect, test } from "vitest";
import { toJinja } from "./go-template.ts";
import { parseModelfile, toModelOrder, toParameterSettings } from "./modelfile.ts";

const order = (text: string) => toModelOrder(parseModelfile(text));

describe("a Modelfile", () => {
  test("becomes settings in this platform's words", () => {
    const text = [
      "# A pirate.",
      "from qwen3",
      "PARAMETER num_ctx 8192",
      "PARAMETER temperature 0.7",
      'PARAMETER stop "<|end|>"',
      "PARAMETER stop <|eot|>",
      "PARAMETER num_predict -1",
      'SYSTEM """You are a pirate.',
      'Answer "Arr"."""',
      "ADAPTER /srv/lora.gguf",
      'LICENSE "MIT"',
      "MESSAGE user Hello there",
      "MESSAGE assistant Arr!",
      "",
    ].join("\r\n");
    expect(order(text)).toEqual({
      from: "qwen3",
      settings: {
        context_tokens: 8192,
        temperature: 0.7,
        stop: ["<|end|>", "<|eot|>"],
        system_prompt: 'You are a pirate.\nAnswer "Arr".',
        adapters: [{ path: "/srv/lora.gguf" }],
        license: "MIT",
        messages: [
          { role: "user", content: "Hello there" },
          { role: "assistant", content: "Arr!" },
        ],
      },
    });
  });

  test.each([
    ["FROM a\nRUN rm -rf /", "Line 2"],
    ['FROM a\nSYSTEM """never closed', "Line 2"],
    ["FROM", "Line 1"],
    ["FROM a\nPARAMETER temperature", "Line 2"],
  ])("that cannot be read is refused with the line: %j", (text, line) => {
    expect(() => order(text)).toThrow(
      expect.objectContaining({ code: "invalid_request", message: expect.stringContaining(line) }),
    );
  });

  test("with a parameter that has no like here is refused", () => {
    expect(() => toParameterSettings([["mirostat", 1]])).toThrow(
      expect.objectContaining({ code: "unsupported_parameter", field: "parameters.mirostat" }),
    );
  });
});

describe("a template", () => {
  const chatMl =
    "{{ if .System }}<|im_start|>system\n{{ .System }}<|im_end|>\n{{ end }}{{ if .Prompt }}<|im_start|>user\n{{ .Prompt }}<|im_end|>\n{{ end }}<|im_start|>assistant\n{{ .Response }}<|im_end|>\n";

  test("of Go's older form says the same in Jinja, once for each turn", () => {
    expect(toJinja(chatMl)).toBe(
      "{% set turn = namespace(system='') %}{% for message in messages %}" +
        "{% if message.role == 'system' %}{% set turn.system = message.content %}" +
        "{% elif message.role == 'assistant' %}{{ message.content }}<|im_end|>\n" +
        "{% else %}{% if turn.system %}<|im_start|>system\n{{ turn.system }}<|im_end|>\n{% endif %}" +
        "{% if message.content %}<|im_start|>user\n{{ message.content }}<|im_end|>\n{% endif %}<|im_start|>assistant\n" +
        "{% set turn.system = '' %}{% endif %}{% endfor %}",
    );
  });

  test("in Jinja stays as it is", () => {
    const jinja = "{% for message in messages %}{{ message.content }}{% endfor %}";
    expect(toJinja(jinja)).toBe(jinja);
  });

  test.each([
    "{{ range .Messages }}{{ .Content }}{{ end }}",
    "{{ if .System }}x",
    "{{ .Tools }}",
    "{{ if and .System .Prompt }}{{ end }}",
  ])("of Go's that says more is refused: %j", (template) => {
    expect(() => toJinja(template)).toThrow(
      expect.objectContaining({ code: "unsupported_parameter", field: "template" }),
    );
  });
});
