import { createContext, useContext, useMemo } from "react";
import type { Formats } from "./formats.ts";
import { formatMessage, type Language, type Messages, type Say } from "./messages.ts";

export interface Preferences {
  readonly language: Language;
  readonly theme: "system" | "light" | "dark";
  /** Numbers and times in that language. */
  readonly formats: Formats;
  setLanguage(language: Language): void;
  setTheme(theme: Preferences["theme"]): void;
}

export const PreferencesContext = createContext<Preferences | undefined>(undefined);

/** The reader's language and theme. */
export function usePreferences(): Preferences {
  const preferences = useContext(PreferencesContext);
  if (preferences === undefined) throw new Error("there are no preferences around this component");
  return preferences;
}

/** Says texts in the reader's language. */
export function useText<Key extends string>(messages: Messages<Key>): Say<Key> {
  const { language } = usePreferences();
  return useMemo(() => (key, gaps) => formatMessage(messages, language, { key, gaps }), [messages, language]);
}
