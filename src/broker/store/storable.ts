// Makes texts fit to be stored: half of a pair of UTF-16 units is no character, SQLite would keep another in its place, and
// the hash of what was booked would not be that of what is read. Pure.

/** The same value with every text in it well-formed; the very same object where all of them are. */
export function storable<T>(value: T): T {
  return sound(value) as T;
}

function sound(value: unknown): unknown {
  if (typeof value === 'string') return value.isWellFormed() ? value : value.toWellFormed();
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  if (Array.isArray(value)) return value.every((item) => sound(item) === item) ? value : value.map(sound);
  let changed: Record<string, unknown> | undefined;
  for (const [name, field] of Object.entries(value)) {
    const kept = sound(field);
    if (kept !== field) (changed ??= { ...value })[name] = kept;
  }
  return changed ?? value;
}
