import { type Json, isJsonObject, type JsonObject, type KeyValues, type Log } from "@llm-platform/kit";
import { type ModelSettingsInput, parseModelSettings } from "./model-settings.ts";

const indexKey = "models";

/** What is kept of a model beside its file. */
export interface ModelRecord {
  /** The model whose file this one is run of; absent for one with a file of its own. */
  readonly from?: string;
  readonly settings: ModelSettingsInput;
}

/**
 * What is kept of models, in the store of the integration: over restarts, and by all replicas that share the store.
 * Each applies it to the files that it has itself.
 */
export interface ModelRecords {
  /** As of the last look. */
  readonly all: ReadonlyMap<string, ModelRecord>;
  /** Looks again, for another replica may have changed something. Resolves with whether it has. */
  read(): Promise<boolean>;
  set(id: string, record: ModelRecord): Promise<void>;
  delete(id: string): Promise<void>;
}

export function createModelRecords({
  keyValues,
  log,
}: {
  readonly keyValues: KeyValues;
  readonly log: Log;
}): ModelRecords {
  let all: ReadonlyMap<string, ModelRecord> = new Map();
  let writing: Promise<void> = Promise.resolve();

  const readIds = async (): Promise<readonly string[]> => {
    const ids = await keyValues.get(indexKey);
    return Array.isArray(ids) ? ids.filter((id) => typeof id === "string") : [];
  };
  const readAll = async (): Promise<ReadonlyMap<string, ModelRecord>> => {
    const ids = await readIds();
    const found = await Promise.all(
      ids.map(async (id) => [id, toRecord(await keyValues.get(keyOf(id)), { id, log })] as const),
    );
    return new Map(found.flatMap(([id, record]) => (record === undefined ? [] : [[id, record] as const])));
  };
  // One after another: each writes the list of names anew.
  const change = async (work: () => Promise<void>): Promise<void> => {
    const done = writing.then(work).then(async () => {
      all = await readAll();
    });
    writing = done.catch(() => undefined);
    await done;
  };
  return {
    get all() {
      return all;
    },
    async read() {
      await writing;
      const before = JSON.stringify([...all]);
      all = await readAll();
      return JSON.stringify([...all]) !== before;
    },
    set: async (id, record) =>
      await change(async () => {
        await keyValues.set(keyOf(id), toJson(record));
        await keyValues.set(indexKey, [...new Set([...(await readIds()), id])].toSorted());
      }),
    delete: async (id) =>
      await change(async () => {
        await keyValues.set(
          indexKey,
          (await readIds()).filter((known) => known !== id),
        );
        await keyValues.delete(keyOf(id));
      }),
  };
}

/** A model's name is a file's, so that the key stays within its 256 bytes. */
function keyOf(id: string): string {
  return `model:${id}`;
}

function toJson(record: ModelRecord): JsonObject {
  return JSON.parse(JSON.stringify(record));
}

/** What an older or newer server wrote and this one does not know is left out, and told in the log. */
function toRecord(
  value: Json | undefined,
  { id, log }: { readonly id: string; readonly log: Log },
): ModelRecord | undefined {
  if (value === undefined || !isJsonObject(value)) return undefined;
  const { from, settings = {} } = value;
  try {
    return {
      ...(typeof from === "string" ? { from } : {}),
      settings: parseModelSettings(isJsonObject(settings) ? settings : {}),
    };
  } catch (error) {
    log.warn("model.settings_unreadable", { model: id, error });
    return undefined;
  }
}
