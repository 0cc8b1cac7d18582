import { resolve } from "node:path";
import { type Command, Option } from "commander";
import type { CliContext } from "./context.ts";
import { UsageError } from "./exit-code.ts";
import { licenses, type ScaffoldInput, scaffoldIntegration } from "./scaffold.ts";

interface CreateOptions {
  readonly directory?: string;
  readonly license: ScaffoldInput["license"];
  readonly author?: string;
  readonly kit?: string;
}

/** What the platform itself has under these names; it refuses a package that takes one. */
export const takenNames: readonly string[] = [
  "alertmanager",
  "anthropic",
  "anthropic-api",
  "console",
  "email",
  "grafana",
  "graphql",
  "grpc",
  "huggingface",
  "kubernetes",
  "local",
  "mcp",
  "ollama",
  "ollama-api",
  "openai-api",
  "openai-compatible",
  "opentelemetry",
  "postgres",
  "prometheus",
  "redis",
  "rest-api",
  "slack",
  "websocket",
];

const longestName = 50;

/** `llmp create-integration`: a package that one begins a new integration with. It asks no server. */
export function addCreateIntegrationCommand(program: Command, context: CliContext): void {
  program
    .command("create-integration <name>")
    .description("make a folder with an integration that works, to begin your own with")
    .option("--directory <folder>", "where to make it; default: a folder of that name in this one")
    .addOption(
      new Option("--license <license>", "the licence of the new package").choices(licenses).default("MIT"),
    )
    .option("--author <name>", "whom the licence names; default: the authors of the package")
    .option("--kit <what>", "what npm installs as @llm-platform/kit to build and test; default: its version")
    .action(async (name: string, { directory = name, license, author, kit }: CreateOptions) => {
      checkName(name);
      const folder = resolve(directory);
      const files = await scaffoldIntegration({
        name,
        folder,
        license,
        kit,
        holder: author ?? `the authors of llm-platform-${name}`,
        year: new Date().getFullYear(),
      });
      const output = context.output();
      if (output.format === "json") {
        output.out(`${JSON.stringify({ name, folder, files }, null, 2)}\n`);
        return;
      }
      output.out(`${folder}\n${files.map((file) => `  ${file}\n`).join("")}`);
      output.err(`Next: npm install && npm test in that folder; its README says how to use it.\n`);
    });
}

function checkName(name: string): void {
  if (name.length > longestName || !/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name)) {
    throw new UsageError(
      `${name} cannot be the name of an integration. Begin with a letter, use lower-case letters, digits and single hyphens, ${longestName} characters at most: office-lights.`,
    );
  }
  if (takenNames.includes(name)) {
    throw new UsageError(
      `${name} is the name of an integration that the platform has already. Choose another: my-${name}.`,
    );
  }
}
