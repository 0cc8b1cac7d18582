import type { Json } from "../chat.ts";
import { PlatformError } from "../errors.ts";
import type { KeyValues } from "../integration.ts";

const maxKeyBytes = 256;
const maxValueBytes = 64 * 1024;

/** Key-values in memory, with the contract's bounds: throws PlatformError `payload_too_large` beyond them. */
export function createMemoryKeyValues(): KeyValues {
  const texts = new Map<string, string>();
  return {
    async get(key) {
      const text = texts.get(key);
      return text === undefined ? undefined : JSON.parse(text);
    },
    async set(key: string, value: Json) {
      const text = JSON.stringify(value);
      if (Buffer.byteLength(key) > maxKeyBytes) {
        throw new PlatformError(
          "payload_too_large",
          `A key of the key-values has more than ${maxKeyBytes} bytes.`,
        );
      }
      if (Buffer.byteLength(text) > maxValueBytes) {
        throw new PlatformError(
          "payload_too_large",
          `The value of ${key} has more than ${maxValueBytes} bytes.`,
        );
      }
      texts.set(key, text);
    },
    async delete(key) {
      texts.delete(key);
    },
  };
}
