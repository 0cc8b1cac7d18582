/** What to copy, by language. */
export const languages = ["curl", "python", "javascript"] as const;
export type SnippetLanguage = (typeof languages)[number];

/** What stands in for a key that is not there yet. */
export const keyPlaceholder = "YOUR_KEY";

interface Call {
  /** Of the server, without a slash at its end. */
  readonly origin: string;
  readonly model: string;
  readonly key: string;
}

/** A program that asks the model, as it is run. */
export function writeSnippet(language: SnippetLanguage, { origin, model, key }: Call): string {
  const address = JSON.stringify(`${origin}/v1`);
  const name = JSON.stringify(model);
  const secret = JSON.stringify(key);
  switch (language) {
    case "curl":
      return [
        `curl ${quoted(`${origin}/v1/chat/completions`)} \\`,
        `  -H ${quoted(`authorization: Bearer ${key}`)} \\`,
        `  -H 'content-type: application/json' \\`,
        `  -d ${quoted(JSON.stringify({ model, messages: [{ role: "user", content: "Hello" }] }))}`,
      ].join("\n");
    case "python":
      return [
        "from openai import OpenAI",
        "",
        `client = OpenAI(base_url=${address}, api_key=${secret})`,
        "answer = client.chat.completions.create(",
        `    model=${name},`,
        '    messages=[{"role": "user", "content": "Hello"}],',
        ")",
        "print(answer.choices[0].message.content)",
      ].join("\n");
    case "javascript":
      return [
        'import OpenAI from "openai";',
        "",
        `const client = new OpenAI({ baseURL: ${address}, apiKey: ${secret} });`,
        "const answer = await client.chat.completions.create({",
        `  model: ${name},`,
        '  messages: [{ role: "user", content: "Hello" }],',
        "});",
        "console.log(answer.choices[0].message.content);",
      ].join("\n");
  }
}

/** For a POSIX shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
