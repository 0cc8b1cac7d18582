/** Which element of a table shows which row. */
export interface RowPlaces {
  /** Numbers of elements, by the keys of the rows. */
  readonly byKey: ReadonlyMap<string, number>;
  /** The same elements as they stand in the page. */
  readonly order: readonly number[];
}

export const noPlaces: RowPlaces = { byKey: new Map(), order: [] };

/**
 * Gives rows their elements: what is shown already keeps its own, and who comes takes that of one who left. While the rows
 * move no element does, as that costs as much as a new one; a reader of the page finds them in order as soon as they rest.
 * @param keys of the rows that are shown, from the first
 */
export function placeRows(before: RowPlaces, keys: readonly string[], isMoving: boolean): RowPlaces {
  const wanted = new Set(keys);
  const free = [...before.byKey].flatMap(([key, place]) => (wanted.has(key) ? [] : [place]));
  const taken = new Set(before.byKey.values());
  const byKey = new Map<string, number>();
  let next = 0;
  for (const key of keys) {
    const place = before.byKey.get(key) ?? free.pop();
    if (place !== undefined) byKey.set(key, place);
    else {
      while (taken.has(next)) next++;
      taken.add(next);
      byKey.set(key, next);
    }
  }
  const sorted = [...byKey.values()];
  const order = isMoving ? keepOrder(before.order, sorted) : sorted;
  return isSame(before, byKey, order) ? before : { byKey, order };
}

function keepOrder(before: readonly number[], places: readonly number[]): readonly number[] {
  const used = new Set(places);
  const old = new Set(before);
  return [...before.filter((place) => used.has(place)), ...places.filter((place) => !old.has(place))];
}

function isSame(before: RowPlaces, byKey: ReadonlyMap<string, number>, order: readonly number[]): boolean {
  return (
    before.order.length === order.length &&
    before.order.every((place, at) => place === order[at]) &&
    [...byKey].every(([key, place]) => before.byKey.get(key) === place)
  );
}
