import { createContext, useContext, useMemo } from "react";
import { formatMessage, type Language, type Messages, type Say } from "./messages.ts";

export interface Preferences {
  readonly language: Language;
  readonly theme: "system" | "light" | "dark";
  setLanguage(language: Language): void;
  setTheme(theme: Preferences["theme"]): void;
}

export const PreferencesContext = createContext<Preferences>({
  language: "en",
  theme: "system",
  setLanguage: () => undefined,
  setTheme: () => undefined,
});

/** The reader's language and theme. */
export function usePreferences(): Preferences {
  return useContext(PreferencesContext);
}

/** Says texts in the reader's language. */
export function useText<Key extends string>(messages: Messages<Key>): Say<Key> {
  const { language } = usePreferences();
  return useMemo(() => (key, gaps) => formatMessage(messages, language, { key, gaps }), [messages, language]);
}
