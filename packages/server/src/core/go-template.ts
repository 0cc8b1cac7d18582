import { PlatformError } from "@llm-platform/kit";

const action = /\{\{(-?)\s*([\s\S]*?)\s*(-?)\}\}/;
const actions = new RegExp(action, "g");
const variables: Readonly<Record<string, string>> = {
  ".System": "turn.system",
  ".Prompt": "message.content",
};

/**
 * A template of Ollama's in Jinja: as it is where it is Jinja already, and rewritten where it is Go's in the older form,
 * of `.System`, `.Prompt` and `.Response` with `if`, `else` and `end`.
 *
 * @throws PlatformError `unsupported_parameter` for any other of Go's
 */
export function toJinja(template: string): string {
  if (!/\{\{-?\s*(?:if|range|end|else|with|define|template|block|\.|\$)/.test(template)) return template;
  const [before = "", after = "", ...more] = template.split(/\{\{-?\s*\.Response\s*-?\}\}/);
  if (more.length > 0 || /\{%|\{#/.test(template)) throw unsupported();
  const question = translate(before);
  const answerEnd = translate(after);
  return (
    "{% set turn = namespace(system='') %}{% for message in messages %}" +
    "{% if message.role == 'system' %}{% set turn.system = message.content %}" +
    `{% elif message.role == 'assistant' %}{{ message.content }}${answerEnd}` +
    `{% else %}${question}{% set turn.system = '' %}{% endif %}{% endfor %}`
  );
}

function translate(text: string): string {
  const open: string[] = [];
  const translated = text.replaceAll(actions, (whole) => {
    const [, left = "", code = "", right = ""] = action.exec(whole) ?? [];
    const [word = "", name = ""] = code.split(/\s+/);
    const variable = Object.hasOwn(variables, name) ? variables[name] : undefined;
    const own = Object.hasOwn(variables, code) ? variables[code] : undefined;
    if (own !== undefined) return `{{${left} ${own} ${right}}}`;
    if (word === "if" && variable !== undefined && code.split(/\s+/).length === 2) {
      open.push(word);
      return `{%${left} if ${variable} ${right}%}`;
    }
    if (code === "else" && open.length > 0) return `{%${left} else ${right}%}`;
    if (code === "end" && open.pop() !== undefined) return `{%${left} endif ${right}%}`;
    throw unsupported();
  });
  if (open.length > 0) throw unsupported();
  return translated;
}

function unsupported(): PlatformError {
  return new PlatformError(
    "unsupported_parameter",
    "Of Go's templates only those of .System, .Prompt and .Response with if, else and end can be taken over. Write the template in Jinja, or leave it out: the model's own holds then.",
    { field: "template" },
  );
}
