import { runMigrate } from "./migrate-schema.ts";
import { serve } from "./serve.ts";

/**
 * Runs what the first argument names: `migrate` brings the schema up to date and ends, anything else is the server.
 * @returns the exit code
 */
export async function runCommand(argv: readonly string[]): Promise<number> {
  if (argv[0] !== "migrate") return serve(argv);
  return runMigrate(argv.slice(1), (line) => void process.stderr.write(`llm-platform: ${line}\n`));
}
