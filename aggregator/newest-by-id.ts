/** One statement may touch a row once: of equal ids in a batch, the last is the newest. */
export function newestById<Item>(items: readonly Item[], idOf: (item: Item) => string): Item[] {
  return [...new Map(items.map((item) => [idOf(item), item])).values()];
}
