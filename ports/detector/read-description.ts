import { readFile } from 'node:fs/promises';
import { Compile } from 'typebox/compile';
import { Unusable } from '../errors.ts';
import { type ModelDescription, modelDescription } from './model-description.ts';

const validator = Compile(modelDescription);

/** What the JSON beside a model says of it; nothing where there is none. */
export async function readDescription(modelPath: string): Promise<ModelDescription> {
  const path = descriptionPath(modelPath);
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '{}';
    throw error;
  });
  try {
    const description: unknown = JSON.parse(text);
    if (validator.Check(description)) return description;
    const faults = [...validator.Errors(description)].map(
      ({ instancePath, message }) => `${instancePath || '/'} ${message}`,
    );
    throw new Error(faults.join('; '));
  } catch (error) {
    throw new Unusable(`${path} is not valid: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function descriptionPath(modelPath: string): string {
  return `${modelPath.replace(/\.onnx$/, '')}.json`;
}
