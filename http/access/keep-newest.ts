/** Sets a key of a map that holds at most so many: the one that was set longest ago makes room. */
export function keepNewest<Key, Value>(map: Map<Key, Value>, key: Key, value: Value, keysMax: number): void {
  map.delete(key);
  if (map.size >= keysMax) {
    const [oldest] = map.keys();
    if (oldest !== undefined) map.delete(oldest);
  }
  map.set(key, value);
}
