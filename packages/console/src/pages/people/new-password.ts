const characters = 24;
/** None that looks like another. */
const alphabet = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/** A password that nobody can guess, and that can be read out: some 139 bits. */
export function createPassword(): string {
  const picked: string[] = [];
  while (picked.length < characters)
    // What is above the last whole round would make the first characters likelier.
    for (const byte of crypto.getRandomValues(new Uint8Array(characters)))
      if (byte < 256 - (256 % alphabet.length) && picked.length < characters)
        picked.push(alphabet[byte % alphabet.length] ?? "");
  return picked.join("").replaceAll(/(.{6})(?=.)/g, "$1-");
}
