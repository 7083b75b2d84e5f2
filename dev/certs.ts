import { parseArgs } from 'node:util';
import { Unusable } from '../ports/errors.ts';
import { type Certs, makeCerts } from './certs/certs-folder.ts';
import { inUrl, readServerName } from './certs/names.ts';

/** `npm run certs`: a certificate authority of one's own, and a server certificate from it. */
const USAGE = 'Usage: npm run certs [-- --name NAME_OR_ADDRESS … --days N --folder PATH]';
/** Apple's devices believe no certificate of more than 825 days, and a certificate begins an hour before it is made. */
const DAYS_MAX = 824;
const DAYS = 397;

try {
  const { values } = parseArgs({
    options: {
      name: { type: 'string', multiple: true, default: [] },
      days: { type: 'string', default: String(DAYS) },
      folder: { type: 'string', default: './certs' },
    },
  });
  const days = Number(values.days);
  if (!Number.isInteger(days) || days < 1 || days > DAYS_MAX) {
    throw new Unusable(`--days takes a whole number from 1 to ${DAYS_MAX}, not '${values.days}'.`);
  }
  const names = values.name.map(readServerName);
  const certs = await makeCerts({ folder: values.folder, names, days, nowMs: Date.now() });
  process.stdout.write(words(certs));
} catch (error) {
  console.error(`No certificate was made: ${(error as Error).message}\n${USAGE}`);
  process.exitCode = 1;
}

function words({ files, authorityIsNew, authorityFingerprint, names, untilMs }: Certs): string {
  const [first] = names;
  return [
    authorityIsNew
      ? `Made an authority: ${files.authority}. Its key, ${files.authorityKey}, can make a certificate for any name: keep it to yourself.`
      : `Kept the authority ${files.authority}.`,
    `Made ${files.server}, good until ${new Date(untilMs).toISOString().slice(0, 10)}, for:`,
    ...names.map(({ value }) => `  ${value}`),
    '',
    `  Start          TLS_CERT_FILE=${files.server} TLS_KEY_FILE=${files.serverKey} npm start`,
    '                 with HOST=0.0.0.0 for other machines too; a running service takes the new certificate by itself',
    `  Devices pin    ${files.authority}`,
    `  SHA-256        ${authorityFingerprint}`,
    `  curl           curl --cacert ${files.authority} https://${first ? inUrl(first) : 'localhost'}:8080/livez`,
    '  ESP32          the text of that file, as cert_pem of esp_http_client_config_t, or for WiFiClientSecure.setCACert()',
    '  Again          npm run certs, before it ends: devices need nothing new',
    '',
  ].join('\n');
}
