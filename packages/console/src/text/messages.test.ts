import { expect, test } from "vitest";
import { defineMessages, formatMessage, languages, type Messages } from "./messages.ts";

const catalogues: Readonly<Record<string, Readonly<Record<string, unknown>>>> = import.meta.glob(
  ["../**/messages.ts", "!./messages.ts"],
  { eager: true },
);

function isMessages(value: unknown): value is Messages {
  return typeof value === "object" && value !== null && languages.every((language) => language in value);
}

const gaps = (text: string) => [...new Set(text.match(/\{\w+\}/g) ?? [])].sort();

test("every part of the console says the same in every language", () => {
  const all = Object.entries(catalogues).flatMap(([path, module]) =>
    Object.values(module)
      .filter(isMessages)
      .map((messages) => ({ path, messages })),
  );
  expect(all.length).toBeGreaterThan(3);
  for (const { path, messages } of all) {
    const { en, ...others } = messages;
    for (const [language, texts] of Object.entries(others)) {
      expect(Object.keys(texts), `${path} in ${language}`).toEqual(Object.keys(en));
      for (const [key, text] of Object.entries(texts)) {
        expect(text.trim(), `${path}: ${key}`).not.toBe("");
        expect(gaps(text), `${path}: ${key} in ${language}`).toEqual(gaps(en[key] ?? ""));
      }
    }
  }
});

test("a text has its gaps filled, and the side that the count asks for", () => {
  const messages = defineMessages(
    { found: "{name}: {count} model|{name}: {count} models" },
    { found: "{name}: {count} Modell|{name}: {count} Modelle" },
  );
  const say = (count: number, language: "en" | "de" = "en") =>
    formatMessage(messages, language, { key: "found", gaps: { name: "ollama", count } });
  expect(say(1)).toBe("ollama: 1 model");
  expect(say(0)).toBe("ollama: 0 models");
  expect(say(12_345, "de")).toBe("ollama: 12.345 Modelle");
});
