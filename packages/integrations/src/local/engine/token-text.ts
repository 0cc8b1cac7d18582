/** The part of a model that turns tokens into text. */
export interface Detokenizer<Token> {
  detokenize(tokens: readonly Token[], specialTokens?: boolean, lastTokens?: readonly Token[]): string;
}

/** Most bytes that one character takes in UTF-8, so most byte tokens that an unfinished one can span. */
const maxCharacterTokens = 4;
const recentTokenCount = 4;
const replacement = "\uFFFD";

/** Turns tokens into text one by one and never cuts a character that spans several tokens. */
export class TokenText<Token> {
  readonly #detokenizer: Detokenizer<Token>;
  readonly #isVisibleSpecial: (token: Token) => boolean;
  #pending: Token[] = [];
  #recent: Token[] = [];

  /** @param isVisibleSpecial which control tokens are part of the text, such as the marks of a tool call */
  constructor(detokenizer: Detokenizer<Token>, isVisibleSpecial: (token: Token) => boolean) {
    this.#detokenizer = detokenizer;
    this.#isVisibleSpecial = isVisibleSpecial;
  }

  push(token: Token): string {
    if (this.#isVisibleSpecial(token))
      return this.end() + this.#settle([token], this.#detokenizer.detokenize([token], true));
    this.#pending.push(token);
    const text = this.#detokenizer.detokenize(this.#pending, false, this.#recent);
    if (text.endsWith(replacement) && this.#pending.length < maxCharacterTokens) return "";
    return this.#settle(this.#pending, text);
  }

  /** What was still held when the tokens ended; an unfinished character shows as U+FFFD. */
  end(): string {
    if (this.#pending.length === 0) return "";
    return this.#settle(this.#pending, this.#detokenizer.detokenize(this.#pending, false, this.#recent));
  }

  #settle(tokens: readonly Token[], text: string): string {
    this.#recent = [...this.#recent, ...tokens].slice(-recentTokenCount);
    this.#pending = [];
    return text;
  }
}
