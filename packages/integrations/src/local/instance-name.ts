/** No name of a model has it. */
const mark = "#";

/** The name of a further instance of a model, from 2. */
export function toInstance(model: string, number: number): string {
  return `${model}${mark}${number}`;
}

/** The name of the model that an instance is of. */
export function modelOfInstance(id: string): string {
  return id.split(mark, 1)[0] ?? id;
}
