import { PlatformError } from "@llm-platform/kit";
import type { ModelCatalog } from "./model-catalog.ts";
import type { ModelFile } from "./model-file.ts";
import type { ModelRecord, ModelRecords } from "./model-records.ts";

/** A model that can be called: its file, and what is kept beside it. */
export interface ShelfModel {
  readonly file: ModelFile;
  readonly record: ModelRecord;
}

/** All models: those of files, and those that were made of others. */
export interface ModelShelf {
  /** Looks into the folders and the store again. */
  list(): Promise<readonly ShelfModel[]>;
  /** By name or by alias. Rejects with PlatformError `model_not_found`. */
  find(name: string): Promise<ShelfModel>;
  /** What a name stands for already; undefined while it is free. */
  holderOf(name: string): Promise<string | undefined>;
}

const noRecord: ModelRecord = { settings: {} };

export function createModelShelf(catalog: ModelCatalog, records: ModelRecords): ModelShelf {
  // Made again when there are other files or records; so the same model stays the same object until it changes.
  let shelf: ReadonlyMap<string, ShelfModel> = new Map();
  let madeOf: readonly unknown[] = [];

  const put = (files: readonly ModelFile[]): ReadonlyMap<string, ShelfModel> => {
    const { all } = records;
    if (madeOf[0] === files && madeOf[1] === all) return shelf;
    madeOf = [files, all];
    shelf = fillShelf(files, all, shelf);
    return shelf;
  };
  const lookUp = (models: ReadonlyMap<string, ShelfModel>, name: string): ShelfModel | undefined =>
    models.get(name) ??
    [...models.values()].find(({ record }) => record.settings.aliases?.includes(name) === true);

  return {
    async list() {
      await records.read();
      return [...put(await catalog.scan()).values()];
    },
    async find(name) {
      const found = lookUp(put(catalog.known), name) ?? lookUp(put(await catalog.scan()), name);
      if (found !== undefined) return found;
      throw new PlatformError(
        "model_not_found",
        `There is no local model '${name}'. 'models list' shows those there are.`,
        { field: "model" },
      );
    },
    holderOf: async (name) => lookUp(put(await catalog.scan()), name)?.file.id,
  };
}

function fillShelf(
  files: readonly ModelFile[],
  records: ReadonlyMap<string, ModelRecord>,
  before: ReadonlyMap<string, ShelfModel>,
): ReadonlyMap<string, ShelfModel> {
  const models = new Map<string, ShelfModel>();
  const put = (model: ShelfModel): void => {
    const known = before.get(model.file.id);
    const isSame = known?.record === model.record && isSameFile(known.file, model.file);
    models.set(model.file.id, isSame ? known : model);
  };
  for (const file of files) put({ file, record: records.get(file.id) ?? noRecord });
  for (const [id, record] of records) {
    const base = files.find((file) => file.id === record.from);
    if (base !== undefined && !models.has(id)) put({ file: { ...base, id }, record });
  }
  return models;
}

function isSameFile(one: ModelFile, other: ModelFile): boolean {
  return (
    one.path === other.path && one.sizeBytes === other.sizeBytes && one.modifiedAtMs === other.modifiedAtMs
  );
}
