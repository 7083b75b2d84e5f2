import type { Statement, Store } from './store.ts';

/** A store; but something happens before one of the statements of its transactions. */
export function storeWith(store: Store, name: string, happens: () => Promise<unknown>): Store {
  return {
    ...store,
    transaction: (work) =>
      store.transaction((within) =>
        work({
          async run<Row extends object>(asked: Statement, values?: readonly unknown[]) {
            if (asked.name.startsWith(`${name}-`)) await happens();
            return await within.run<Row>(asked, values);
          },
        }),
      ),
  };
}
