const rounds = 1_000;

/**
 * Makes the methods of strings fast to call again. To be called once a module is loaded that has a class that extends
 * `String`: by it V8 turns `String.prototype` into a table that it looks into at every call of a method, in optimised code
 * too, and nothing but a property read of a string that is an object turns it back. Measured: a tenth of a call's cost.
 */
export function restoreFastStrings(): void {
  const text: string = Object("a");
  let sum = 0;
  // V8 begins to note what a function reads after some calls.
  for (let round = 0; round < rounds; round++) sum += firstCode(text);
  if (sum === 0) throw new Error("a text has lost its first character");
}

function firstCode(text: string): number {
  return text.charCodeAt(0);
}
