/** The languages that the console speaks. */
export const languages = ["en", "de"] as const;
export type Language = (typeof languages)[number];

/** Texts by their keys, in every language. */
export type Messages<Key extends string = string> = Readonly<Record<Language, Readonly<Record<Key, string>>>>;

/** What stands in the gaps of a text, for example `{name}`. */
export type Gaps = Readonly<Record<string, string | number>>;

/** Writes the text of a key. Of `one|many` it takes the side that `count` asks for. */
export type Say<Key extends string> = (key: Key, gaps?: Gaps) => string;

/** Texts of one part of the console. A page has its own, in a file beside it. */
export function defineMessages<Key extends string>(
  en: Readonly<Record<Key, string>>,
  de: Readonly<Record<NoInfer<Key>, string>>,
): Messages<Key> {
  return { en, de };
}

export function formatMessage<Key extends string>(
  messages: Messages<Key>,
  language: Language,
  { key, gaps = {} }: { readonly key: Key; readonly gaps?: Gaps | undefined },
): string {
  const sides = messages[language][key].split("|");
  const count = gaps["count"];
  const isOne = typeof count === "number" && new Intl.PluralRules(language).select(count) === "one";
  const text = (isOne ? sides[0] : sides.at(-1)) ?? "";
  return text.replaceAll(/\{(\w+)\}/g, (whole, name: string) => {
    const value = gaps[name];
    if (value === undefined) return whole;
    return typeof value === "number" ? value.toLocaleString(language) : value;
  });
}
