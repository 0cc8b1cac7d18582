import type { JsonObject } from "../chat.ts";
import type { IntegrationDefinition } from "../integration.ts";

/** One case of the contract: a test of any runner calls `run`, which rejects when the contract is broken. */
export interface ContractCase {
  /** A behaviour, to be read after the integration's name. */
  readonly name: string;
  run(): Promise<void>;
}

export interface ContractInput<Settings> {
  readonly definition: IntegrationDefinition<Settings>;
  /** Settings with which it starts and is well, e.g. with the address of a fake server. Secrets in it are looked for. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Address of the module that holds the definition; adds the case that importing it does nothing. */
  readonly moduleUrl?: URL;
  /** Settings that the schema takes and with which `start` or the first probe must fail. */
  readonly breakSettings?: Readonly<Record<string, unknown>>;
  /** Settings with the address of a server that accepts and never answers. */
  readonly hangSettings?: Readonly<Record<string, unknown>>;
  /** A chat model that the settings lead to; adds the cases that call it. */
  readonly chatModel?: string;
  /** Request for `chatModel`, in OpenAI's shape. Default: one short user message. */
  readonly chatRequest?: JsonObject;
  /** How long one step, such as a start, may take. Default 10,000. */
  readonly stepLimitMs?: number;
}
