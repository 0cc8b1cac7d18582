import { type Answer, ask } from "./http.ts";
import type { Platform } from "./start-platform.ts";

export type GraphAnswer = Answer & { readonly data: unknown; readonly errors: readonly GraphFault[] };

export type GraphFault = {
  readonly message: string;
  readonly path?: readonly (string | number)[];
  readonly extensions: Readonly<Record<string, unknown>>;
};

export type GraphQuestion = {
  readonly query: string;
  readonly variables?: Readonly<Record<string, unknown>>;
  readonly key?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
};

/** Asks the graph over HTTP. */
export async function askGraph(platform: Platform, question: GraphQuestion): Promise<GraphAnswer> {
  const { query, variables, key, headers } = question;
  const answer = await ask(platform, "/graphql", {
    body: { query, ...(variables === undefined ? {} : { variables }) },
    headers: { ...(key === undefined ? {} : { authorization: `Bearer ${key}` }), ...headers },
  });
  const json = Object(answer.json);
  return { ...answer, data: json.data, errors: json.errors ?? [] };
}
