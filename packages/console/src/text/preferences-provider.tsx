import { type ReactNode, useEffect, useMemo, useState } from "react";
import { createFormats } from "./formats.ts";
import { type Language, languages } from "./messages.ts";
import { type Preferences, PreferencesContext } from "./use-text.ts";

const languageKey = "llmp.language";
const themeKey = "llmp.theme";
const themes = ["system", "light", "dark"] as const;

/** Keeps how somebody likes the console, in the browser; it is nothing secret. */
export function PreferencesProvider({ children }: { readonly children: ReactNode }) {
  const [language, setLanguage] = useState(readLanguage);
  const [theme, setTheme] = useState<Preferences["theme"]>(readTheme);
  useEffect(() => {
    document.documentElement.lang = language;
  }, [language]);
  useEffect(() => {
    if (theme === "system") delete document.documentElement.dataset["theme"];
    else document.documentElement.dataset["theme"] = theme;
  }, [theme]);
  const formats = useMemo(() => createFormats(language), [language]);
  const preferences = useMemo(
    () => ({
      language,
      theme,
      formats,
      setLanguage(next: Language) {
        localStorage.setItem(languageKey, next);
        setLanguage(next);
      },
      setTheme(next: Preferences["theme"]) {
        localStorage.setItem(themeKey, next);
        setTheme(next);
      },
    }),
    [language, theme, formats],
  );
  return <PreferencesContext value={preferences}>{children}</PreferencesContext>;
}

function readLanguage(): Language {
  const wanted = [localStorage.getItem(languageKey) ?? "", ...navigator.languages];
  for (const each of wanted) {
    const found = languages.find((language) => each === language || each.startsWith(`${language}-`));
    if (found !== undefined) return found;
  }
  return "en";
}

function readTheme(): Preferences["theme"] {
  return themes.find((theme) => theme === localStorage.getItem(themeKey)) ?? "system";
}
