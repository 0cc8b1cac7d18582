/** What the command line takes from its surroundings; the only place of this package that reads them. */
export interface CliEnvironment {
  readonly url: string | undefined;
  readonly apiKey: string | undefined;
}

export function readEnvironment(): CliEnvironment {
  const { env } = process;
  // Empty is as good as not set: that is how a shell's profile takes a variable back.
  return { url: env["LLM_PLATFORM_URL"] || undefined, apiKey: env["LLM_PLATFORM_API_KEY"] || undefined };
}
