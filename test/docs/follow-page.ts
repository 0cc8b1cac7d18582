import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { NpmRegistry } from "../fakes/npm-registry.ts";
import { type Fence, type Marker, readFences } from "./fences.ts";
import { createReader, type Ran, type Reader } from "./reader.ts";

/** How pages are followed. */
export type PagesInput = {
  /** One after the other, by the same reader. */
  readonly pages: readonly { readonly name: string; readonly text: string }[];
  /** What stands on a page, and what is meant here instead, such as the address of a fake upstream. */
  readonly replacements?: Readonly<Record<string, string>>;
  /** The server is running before the first block. Default: the page starts it. */
  readonly isServerGiven?: boolean;
  /** Where npm gets packages. Default: npm's own place. */
  readonly registry?: Pick<NpmRegistry, "env">;
};

/**
 * Languages whose blocks have to be run, or to say why not. All YAML is looked at in `configurations.test.ts`, all GraphQL
 * in `queries.test.ts`, unless it says why not.
 */
const checkedLanguages = new Set(["sh", "bash", "ts", "js", "py", "python", "json", "ini", "promql"]);
const patienceMs = 180_000;
const lookMs = 200;
/** What a page writes for something that a command before it printed: the last of its kind is meant. */
const placeholders: ReadonlyMap<string, RegExp> = new Map([
  ...["llmp", "user", "team", "key"].map(
    (kind) => [`${kind}_…`, new RegExp(`\\b${kind}_[\\w-]{16,}`, "g")] as const,
  ),
  ["SEQUENCE:HASH", /\b\d+:[0-9a-f]{64}\b/g],
]);
const repository = fileURLToPath(new URL("../../", import.meta.url));

/** Blocks of which a page says nothing, one line each. */
export function unmarkedFences(page: string): readonly string[] {
  return readFences(page)
    .filter(({ language, marker }) => checkedLanguages.has(language) && marker === undefined)
    .map(({ line, language }) => `line ${line}: a block of ${language} is neither run nor says why not`);
}

/** Does what pages say, block by block. Rejects with the page and the line of the block that is not as the page has it. */
export async function followPages({
  pages,
  replacements = {},
  isServerGiven,
  registry,
}: PagesInput): Promise<void> {
  const reader = await createReader((home) => ({
    ...registry?.env(home),
    LLM_PLATFORM_SERVER__PORT: "0",
    LLM_PLATFORM_LOG__FORMAT: "json",
    // Nobody listens there: the pages are about a machine without Ollama.
    OLLAMA_BASE_URL: "http://127.0.0.1:9",
    // For what is run in place of a block.
    REPOSITORY: repository,
  }));
  const walk: Walk = { reader, replacements: new Map(Object.entries(replacements)), output: "", program: "" };
  try {
    if (isServerGiven === true) await startServer(walk, "llmp serve");
    for (const { name, text } of pages) await followPage(name, text, walk);
  } finally {
    await reader.stop();
  }
}

type Walk = {
  readonly reader: Reader;
  readonly replacements: Map<string, string>;
  /** Of the last block that was run. */
  output: string;
  /** The last program in another language than the shell's. */
  program: string;
};

async function followPage(name: string, text: string, walk: Walk): Promise<void> {
  for (const fence of readFences(text)) {
    try {
      await follow(fence, walk);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new Error(`${name}, line ${fence.line}: ${reason}`, { cause: error });
    }
  }
}

async function follow({ marker, text, language }: Fence, walk: Walk): Promise<void> {
  const { reader } = walk;
  switch (marker?.kind) {
    case "run":
      return run(marker, await commandOf(marker.instead ?? text, { language, ...marker }, walk), walk);
    case "file":
      return reader.write(marker.name, `${replaceIn(text, walk)}\n`);
    case "shows":
      return assertShown(text, await reader.read(marker.name), marker.name);
    case "output":
      return assertShown(text, walk.output, "the output");
    case "not run":
    case undefined:
  }
}

/** What the shell is told: a program in another language is a file that is run. */
async function commandOf(
  text: string,
  { language, isContinued }: { readonly language: string; readonly isContinued: boolean },
  walk: Walk,
): Promise<string> {
  const command = replaceIn(text, walk);
  const name = { js: "block.mjs", ts: "block.ts" }[language];
  if (name === undefined) return command;
  walk.program = isContinued ? `${walk.program}\n${command}` : command;
  await walk.reader.write(name, walk.program);
  return `node ${name}`;
}

async function run(marker: Extract<Marker, { kind: "run" }>, command: string, walk: Walk): Promise<void> {
  if (marker.until !== undefined) return startServer(walk, command, marker.until);
  const untilMs = performance.now() + (marker.isPatient ? patienceMs : 0);
  for (;;) {
    const ran = await runLines(command, walk);
    walk.output = ran.output;
    const problem = problemOf(ran, marker);
    if (problem === undefined) return;
    if (performance.now() > untilMs) throw new Error(`${problem}; it said:\n${ran.output}`);
    await sleep(lookMs);
  }
}

/** Line by line where a line needs what the ones before it printed, to the first that fails. */
async function runLines(command: string, { reader, replacements }: Walk): Promise<Ran> {
  const isFilledIn = [...placeholders.keys()].some((name) => command.includes(name));
  let output = "";
  for (const line of isFilledIn ? command.split("\n") : [command]) {
    const filled = [...placeholders.keys()].reduce(
      (text, name) => text.replaceAll(name, replacements.get(name) ?? name),
      line,
    );
    const ran = await reader.shell(filled);
    output += ran.output;
    for (const [name, pattern] of placeholders) {
      const last = ran.output.match(pattern)?.at(-1);
      if (last !== undefined) replacements.set(name, last);
    }
    if (ran.exitCode !== 0) return { exitCode: ran.exitCode, output };
  }
  return { exitCode: 0, output };
}

function problemOf({ exitCode, output }: Ran, marker: Extract<Marker, { kind: "run" }>): string | undefined {
  if (exitCode !== marker.exitCode) return `it ended with ${exitCode}, not ${marker.exitCode}`;
  const missing = marker.expect.find((text) => !output.includes(text));
  return missing === undefined ? undefined : `its output lacks ${missing}`;
}

/** From then on the address of the page means the port that the server took. */
async function startServer(walk: Walk, command: string, until = '"platform.started"'): Promise<void> {
  const output = await walk.reader.background(command, until);
  const url = /"url":"http:\/\/127\.0\.0\.1:(\d+)"/.exec(output);
  if (url === null) return;
  walk.replacements.set("127.0.0.1:8000", `127.0.0.1:${url[1]}`);
  walk.replacements.set("localhost:8000", `127.0.0.1:${url[1]}`);
  await walk.reader.shell(`export LLM_PLATFORM_URL=http://127.0.0.1:${url[1]}`);
}

function replaceIn(text: string, { replacements }: Walk): string {
  return [...replacements]
    .reduce((all, [from, to]) => all.replaceAll(from, () => to), text)
    .replaceAll("npx llmp", "llmp");
}

/** Lines are told by what stands in them, whatever the indentation; one of dots alone stands for any. */
function assertShown(excerpt: string, whole: string, where: string): void {
  const lines = whole.split("\n").map((line) => line.trim());
  let from = 0;
  for (const line of excerpt.split("\n").map((each) => each.trim())) {
    if (line === "" || /^(\/\/ )?(…|\.\.\.)$/.test(line)) continue;
    const at = lines.indexOf(line, from);
    if (at < 0) throw new Error(`${where} has no line, behind those before: ${line}\n${whole}`);
    from = at + 1;
  }
}
