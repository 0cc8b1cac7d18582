/** What to copy, by language. */
export const languages = ["curl", "python", "typescript"] as const;
export type SnippetLanguage = (typeof languages)[number];

/** What stands in for a key that is not there yet. */
export const keyPlaceholder = "YOUR_KEY";

/** Where a key is that is not written into the program: the variable of the environment. */
const keyVariable = "LLM_PLATFORM_API_KEY";

/** What is sent: JSON, with the model and the messages in it. */
export type SnippetBody = Readonly<Record<string, unknown>>;

interface Call {
  /** Of the server, without a slash at its end. */
  readonly origin: string;
  readonly body: SnippetBody;
  /** Undefined for the one of the environment. */
  readonly key: string | undefined;
}

/** A program that makes a call for chat, as it is run: with curl, or with OpenAI's library. */
export function writeSnippet(language: SnippetLanguage, call: Call): string {
  switch (language) {
    case "curl":
      return writeCurl(call);
    case "python":
      return writePython(call);
    case "typescript":
      return writeTypeScript(call);
  }
}

/** The body comes by a here-document: an image makes it longer than an argument can be. */
function writeCurl({ origin, body, key }: Call): string {
  const secret = key === undefined ? `"authorization: Bearer $${keyVariable}"` : quoted(bearer(key));
  return [
    `curl --no-buffer ${quoted(`${origin}/v1/chat/completions`)} \\`,
    `  --header ${secret} \\`,
    `  --header 'content-type: application/json' \\`,
    `  --data-binary @- <<'JSON'`,
    JSON.stringify(body),
    "JSON",
  ].join("\n");
}

function writePython({ origin, body, key }: Call): string {
  const secret = key === undefined ? `os.environ["${keyVariable}"]` : JSON.stringify(key);
  const call = Object.entries(body).map(([name, value]) => `    ${name}=${toPython(value, 1)},`);
  return [
    ...(key === undefined ? ["import os", ""] : []),
    "from openai import OpenAI",
    "",
    `client = OpenAI(base_url=${JSON.stringify(`${origin}/v1`)}, api_key=${secret})`,
    "answer = client.chat.completions.create(",
    ...call,
    ")",
    ...(body["stream"] === true
      ? [
          "for chunk in answer:",
          "    for choice in chunk.choices:",
          '        print(choice.delta.content or "", end="", flush=True)',
        ]
      : ["print(answer.choices[0].message.content)"]),
  ].join("\n");
}

function writeTypeScript({ origin, body, key }: Call): string {
  const secret = key === undefined ? `process.env["${keyVariable}"] ?? ""` : JSON.stringify(key);
  return [
    'import OpenAI from "openai";',
    "",
    `const client = new OpenAI({ baseURL: ${JSON.stringify(`${origin}/v1`)}, apiKey: ${secret} });`,
    `const answer = await client.chat.completions.create(${JSON.stringify(body, null, 2)});`,
    ...(body["stream"] === true
      ? [
          "for await (const chunk of answer)",
          '  for (const { delta } of chunk.choices) process.stdout.write(delta.content ?? "");',
        ]
      : ["console.log(answer.choices[0]?.message.content);"]),
  ].join("\n");
}

/** A value of JSON as Python writes it. JSON's texts are Python's too. */
function toPython(value: unknown, depth: number): string {
  const indent = "    ".repeat(depth);
  const lines = (open: string, parts: readonly string[], close: string) =>
    parts.length === 0
      ? open + close
      : [open, ...parts.map((part) => `${indent}    ${part},`), indent + close].join("\n");
  if (value === null || value === undefined) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (Array.isArray(value))
    return lines(
      "[",
      value.map((each) => toPython(each, depth + 1)),
      "]",
    );
  if (typeof value === "object")
    return lines(
      "{",
      Object.entries(value).map(([name, each]) => `${JSON.stringify(name)}: ${toPython(each, depth + 1)}`),
      "}",
    );
  return JSON.stringify(value);
}

function bearer(key: string): string {
  return `authorization: Bearer ${key}`;
}

/** For a POSIX shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
