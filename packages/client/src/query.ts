/** What follows a path: the parameters that are given, lists one by one, and nothing where none is. */
export function toQuery(parameters: object): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters))
    for (const each of Array.isArray(value) ? value : [value])
      if (each !== undefined) query.append(name, String(each));
  return query.size === 0 ? "" : `?${query}`;
}
