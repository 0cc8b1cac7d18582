import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findService } from "../../tools/services.ts";

/** Where coding agents are; undefined on a machine without them. */
export const claudeProgram = findService("claude");
export const codexProgram = findService("codex");

/** How an agent reaches a platform. */
export interface AgentAccess {
  /** Without a slash at the end. */
  readonly url: string;
  readonly key: string;
  readonly model: string;
}

const limitMs = 90_000;

/** Asks Claude Code once, in a folder of its own. Resolves with what it writes, whether it could answer or not. */
export function askClaude(access: AgentAccess, prompt: string): Promise<string> {
  return inFolder((folder) =>
    run(claudeProgram, ["-p", prompt], {
      HOME: folder,
      ANTHROPIC_BASE_URL: access.url,
      ANTHROPIC_AUTH_TOKEN: access.key,
      ANTHROPIC_MODEL: access.model,
      ANTHROPIC_DEFAULT_HAIKU_MODEL: access.model,
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
    }),
  );
}

/** Asks Codex once, in a folder of its own. Resolves with what it writes, whether it could answer or not. */
export function askCodex(access: AgentAccess, prompt: string): Promise<string> {
  return inFolder(async (folder) => {
    await mkdir(join(folder, ".codex"));
    const provider = [
      `model = "${access.model}"`,
      'model_provider = "platform"',
      "[model_providers.platform]",
      'name = "platform"',
      `base_url = "${access.url}/v1"`,
      'env_key = "PLATFORM_KEY"',
      'wire_api = "responses"',
    ];
    await writeFile(join(folder, ".codex", "config.toml"), `${provider.join("\n")}\n`);
    return await run(codexProgram, ["exec", "--skip-git-repo-check", prompt], {
      HOME: folder,
      PLATFORM_KEY: access.key,
    });
  });
}

async function inFolder(action: (folder: string) => Promise<string>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "llm-platform-agent-"));
  try {
    return await action(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function run(
  program: string | undefined,
  args: readonly string[],
  own: Readonly<Record<string, string>> & { readonly HOME: string },
): Promise<string> {
  if (program === undefined) throw new Error("the agent is not installed");
  const env = { PATH: process.env["PATH"], ...own };
  return new Promise((resolve) => {
    const child = execFile(program, args, { cwd: own.HOME, env, timeout: limitMs }, (_error, out, errors) =>
      resolve(`${out}${errors}`),
    );
    // Both read what is piped to them to its end first.
    child.stdin?.end();
  });
}
