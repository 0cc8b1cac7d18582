/** What the command line takes from its surroundings; the only place of this package that reads them. */
export interface CliEnvironment {
  readonly url: string | undefined;
  readonly apiKey: string | undefined;
  readonly isTerminal: boolean;
  readonly hasColor: boolean;
  readonly variables: Readonly<Record<string, string | undefined>>;
}

export function readEnvironment(): CliEnvironment {
  const { env, stdout } = process;
  const isTerminal = stdout.isTTY === true && env["TERM"] !== "dumb";
  const isForced = env["CLICOLOR_FORCE"] !== undefined && env["CLICOLOR_FORCE"] !== "0";
  return {
    url: env["LLM_PLATFORM_URL"],
    apiKey: env["LLM_PLATFORM_API_KEY"],
    isTerminal,
    hasColor: isForced || (isTerminal && (env["NO_COLOR"] ?? "") === ""),
    variables: env,
  };
}
