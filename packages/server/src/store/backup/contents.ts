// What of the data folder goes into a backup. The database comes whole, with every table that it has, and with it what
// still stood in the spool. What is named nowhere here stays out: the master key above all, the models' files, the
// sockets and locks of a running server, and backups made before.

/** The database, by its name in the data folder and in a backup. */
export const databaseName = "platform.db";

/** Folders that come whole: their files under the same names, neither links nor sockets. They may be missing. */
export const savedFolders: readonly string[] = ["integrations", "audit"];

/** Where saved files of models lie: too large for each backup, and to be had again. Their list goes in. */
export const modelFolder = "models";

/** Whether a file may go into a backup under this name, and out of one again. */
export function isSavedName(name: string): boolean {
  if (name === databaseName) return true;
  const [folder = "", ...rest] = name.split("/");
  return savedFolders.includes(folder) && rest.length > 0 && rest.every(isPlainSegment);
}

/** Neither a way out of the folder, nor anything that some file system reads differently. */
function isPlainSegment(segment: string): boolean {
  return segment !== "" && segment !== "." && segment !== ".." && !/[\\:\p{Cc}\uFFFD]/u.test(segment);
}
