/** What a chat came to, as its client understood it. */
export interface ChatOutcome {
  readonly content: string;
  readonly deltas: number;
  /** Why the model stopped, in the protocol's own word. */
  readonly finish: string | undefined;
  readonly outputTokens: number | undefined;
}

/** A client that chats over one protocol. */
export interface ChatClient {
  chat(model: string, text: string): Promise<ChatOutcome>;
  /** Begins a chat, and gives it up after the second delta. Resolves when it has been given up. */
  giveUp(model: string, text: string): Promise<void>;
  close(): Promise<void>;
}

/** A client that does all that there is to do over one protocol. */
export interface ScenarioClient extends ChatClient {
  /** Names of the models that can be called, as integration/model. */
  models(): Promise<readonly string[]>;
  /** Has the Ollama server pull a model, follows how it gets on, and resolves with the phases in order when it rests. */
  pull(model: string): Promise<readonly string[]>;
  /** Outcomes of the attempts for a model, as the ledger has them. */
  usage(model: string): Promise<readonly string[]>;
  restart(integration: string): Promise<void>;
  /** States that an integration goes through from now on, until the result is told to stop. */
  watch(integration: string): Promise<{ readonly states: readonly string[]; stop(): Promise<void> }>;
}
