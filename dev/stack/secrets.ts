import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeWhole } from '../write-whole.ts';

export interface Secrets {
  readonly s3AccessKeyId: string;
  readonly s3SecretAccessKey: string;
  readonly adminPassword: string;
  readonly serverSecret: string;
}

/** Made at the first start, or by the version that first needs one, and the same ever after. */
export function keepSecrets(folder: string): Secrets {
  const file = join(folder, 'secrets.json');
  const kept: Partial<Secrets> = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
  const secrets: Secrets = {
    s3AccessKeyId: random(12),
    s3SecretAccessKey: random(24),
    adminPassword: random(15),
    serverSecret: random(32),
    ...kept,
  };
  writeWhole(file, JSON.stringify(secrets));
  return secrets;
}

/** Letters and digits alone: fit for shells, addresses and headers. */
const random = (bytes: number) => randomBytes(bytes).toString('hex');
