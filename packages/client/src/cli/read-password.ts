import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import { text } from "node:stream/consumers";
import { UsageError } from "./exit-code.ts";

/**
 * A password from the terminal, where it is not shown, or from standard input when that is no terminal. It is never an
 * argument: there every user of the machine could read it.
 */
export async function readPassword(question: string): Promise<string> {
  const password = process.stdin.isTTY
    ? await ask(question)
    : (await text(process.stdin)).replace(/\r?\n$/, "");
  if (password !== "") return password;
  throw new UsageError("The password is empty. Type it, or give it on standard input.");
}

async function ask(question: string): Promise<string> {
  process.stderr.write(question);
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({ input: process.stdin, output: nowhere, terminal: true });
  const interrupted = new AbortController();
  terminal.once("SIGINT", () => interrupted.abort());
  try {
    return await terminal.question("", { signal: interrupted.signal });
  } catch (cause) {
    throw new UsageError("No password was given.", { cause });
  } finally {
    terminal.close();
    process.stderr.write("\n");
  }
}
