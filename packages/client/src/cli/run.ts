import { createInterface } from "node:readline/promises";
import { text } from "node:stream/consumers";
import type { Command } from "commander";
import type { ChatMessage } from "../chat-calls.ts";
import type { CliContext } from "./context.ts";
import { exitCodes, UsageError } from "./exit-code.ts";
import { toPrintableLines } from "./output.ts";

/** `llmp run MODEL [PROMPT]`: one answer, or a conversation when there is no prompt. */
export function addRunCommand(program: Command, context: CliContext): void {
  program
    .command("run <model> [prompt...]")
    .description("ask a model; without a prompt, talk to it")
    .option("--system <text>", "a system message")
    .action(async (model: string, words: readonly string[], options: { readonly system?: string }) => {
      const start: ChatMessage[] =
        options.system === undefined ? [] : [{ role: "system", content: options.system }];
      const prompt =
        words.length > 0
          ? words.join(" ")
          : process.stdin.isTTY
            ? undefined
            : (await text(process.stdin)).trim();
      if (prompt === "")
        throw new UsageError("The prompt is empty. Give one behind the model, or on standard input.");
      if (prompt === undefined) await converse(context, model, start);
      else await answer(context, model, [...start, { role: "user", content: prompt }]);
    });
}

async function converse(context: CliContext, model: string, start: readonly ChatMessage[]): Promise<void> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const messages = [...start];
  try {
    for (;;) {
      const line = (await terminal.question(">>> ")).trim();
      if (line === "/bye" || line === "/exit") return;
      if (line === "") continue;
      messages.push({ role: "user", content: line });
      messages.push({ role: "assistant", content: await answer(context, model, messages) });
    }
  } finally {
    terminal.close();
  }
}

/** Streams one answer to the terminal. Ctrl-C ends the call at the server too. */
async function answer(context: CliContext, model: string, messages: readonly ChatMessage[]): Promise<string> {
  const output = context.output();
  const abort = new AbortController();
  const interrupt = () => {
    context.fail(exitCodes.interrupted);
    abort.abort();
  };
  process.once("SIGINT", interrupt);
  let content = "";
  try {
    for await (const chunk of context.client().chat(model, messages, abort.signal)) {
      content += chunk.content;
      if (output.format === "table") output.out(toPrintableLines(chunk.content));
      else output.out(chunk.content === "" && chunk.usage === undefined ? "" : `${JSON.stringify(chunk)}\n`);
    }
  } catch (error) {
    if (!abort.signal.aborted) throw error;
  } finally {
    process.off("SIGINT", interrupt);
    // Also when the answer broke off: the message about that begins a line of its own.
    if (output.format === "table" && content !== "" && !content.endsWith("\n")) output.out("\n");
  }
  return content;
}
