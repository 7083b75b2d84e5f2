import { type AvroNamed, type AvroSchema, isUnion, namesOf, type Resolve, taggedBranches } from './avro.ts';
import type { Released } from './registry.ts';

/** The text of `types.ts`: what each schema's values are in TypeScript, under the names they have in Avro. */
export function generateTypes(schemas: Iterable<Pick<Released, 'name' | 'schema'>>): string {
  const declared = new Declarations();
  const records: string[] = [];
  for (const { name, schema } of schemas) {
    if (schema.name !== pascalCase(name)) throw new Error(`${name}.avsc is to define ${pascalCase(name)}`);
    declared.file(schema);
    records.push(`  readonly '${name}': ${schema.name};`);
  }
  return `${[
    '// Generated from the *.avsc files beside it by `npm run schemas`: change those, not this.',
    ...declared.texts(),
    `/** Each record that travels on its own, by the name of its file. */\nexport interface RecordTypes {\n${records.join('\n')}\n}`,
    'export type RecordName = keyof RecordTypes;',
  ].join('\n\n')}\n`;
}

/** One TypeScript type for each Avro name, though every file that uses it must define it again. */
class Declarations {
  readonly #byName = new Map<string, { readonly text: string; readonly definition: string }>();
  readonly #tagged = new Set<string>();

  texts(): readonly string[] {
    return [...this.#byName.values()].map(({ text }) => text);
  }

  file(schema: AvroNamed): void {
    this.#typeOf(schema, namesOf(schema), []);
  }

  #typeOf(schema: AvroSchema, resolve: Resolve, path: readonly string[]): string {
    const node = resolve(schema);
    if (isUnion(node)) return this.#unionOf(node, resolve, path);
    switch (node.type) {
      case 'record':
      case 'enum':
      case 'fixed':
        if (this.#tagged.has(node.name)) throw new Error(`${node.name} has a kind, so it cannot be used on its own`);
        if (typeof schema !== 'string') this.#declare(node, resolve, path, false);
        return node.type === 'fixed' ? 'Buffer' : node.name;
      case 'array': {
        const items = this.#typeOf(node.items, resolve, [...path, '[]']);
        return `readonly ${items.includes('|') ? `(${items})` : items}[]`;
      }
      case 'null':
      case 'boolean':
      case 'string':
        return node.type;
      case 'bytes':
        return 'Buffer';
      default:
        return 'number';
    }
  }

  #unionOf(node: readonly AvroSchema[], resolve: Resolve, path: readonly string[]): string {
    const branches = taggedBranches(node, resolve);
    if (!branches) {
      const types = node.map((branch) => this.#typeOf(branch, resolve, path));
      if (types[0] !== 'null' || types.length !== 2) throw new Error(`${path.join('.')}: write ["null", type]`);
      return `${types[1]} | null`;
    }
    // The codec puts in and takes out the kind at the top of a record only.
    if (path.length !== 2) throw new Error(`${path.join('.')}: a union of records belongs at the top of a record`);
    for (const branch of branches) {
      if (this.#byName.has(branch.name)) throw new Error(`${branch.name} is defined twice`);
      this.#declare(branch, resolve, path, true);
      this.#tagged.add(branch.name);
    }
    const name = path.map(pascalCase).join('');
    const text = `export type ${name} =\n${branches.map((branch) => `  | ${branch.name}`).join('\n')};`;
    this.#byName.set(name, { text, definition: name });
    return name;
  }

  #declare(node: AvroNamed, resolve: Resolve, path: readonly string[], tagged: boolean): void {
    const definition = JSON.stringify(node);
    const before = this.#byName.get(node.name);
    if (before && before.definition !== definition) throw new Error(`${node.name} differs from file to file`);
    const text = this.#textOf(node, resolve, path, tagged);
    if (text && !before) this.#byName.set(node.name, { text, definition });
  }

  #textOf(node: AvroNamed, resolve: Resolve, path: readonly string[], tagged: boolean): string | null {
    if (node.type === 'fixed') return null;
    const doc = docText(node.doc, '');
    if (node.type === 'enum') {
      return `${doc}export type ${node.name} = ${node.symbols.map((symbol) => `'${symbol}'`).join(' | ')};`;
    }
    const lines = node.fields.map((field) => {
      if (tagged && field.name === 'kind') throw new Error(`${node.name}.kind is taken by the union it is in`);
      if (!field.doc) throw new Error(`${node.name}.${field.name} has no doc`);
      const at = [...(path.length > 0 ? path : [node.name]), field.name];
      return `${docText(field.doc, '  ')}  readonly ${field.name}: ${this.#typeOf(field.type, resolve, at)};`;
    });
    const kind = tagged ? [`  readonly kind: '${node.name}';`] : [];
    return `${doc}export interface ${node.name} {\n${[...kind, ...lines].join('\n')}\n}`;
  }
}

const docText = (doc: string | undefined, indent: string) => (doc ? `${indent}/** ${doc} */\n` : '');

function pascalCase(name: string): string {
  return name.replace(/(?:^|[-_])(.)/g, (_, first: string) => first.toUpperCase());
}
