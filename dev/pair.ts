/**
 * `npm run pair -- camera-1`: sets a device up from here, and prints its token and how to send with it. A device in the
 * field does the second half itself, with the code of the first.
 */

import { parseArgs } from 'node:util';
import { Refused } from './simulate/count.ts';
import { enrol } from './simulate/enrol.ts';

const USAGE = `Usage: npm run pair -- NAME [--url URL] [--console URL] [--password TEXT]

  NAME             what the device is called: up to 64 letters, digits, . _ -
  --url URL        the service (http://127.0.0.1 at PORT, 8080)
  --console URL    where devices are managed, if elsewhere (--url)
  --user NAME      who sets it up, and owns it from then on: an operator or administrator (admin)
  --password TEXT  of that user (the environment's ADMIN_PASSWORD)`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    url: { type: 'string', default: `http://127.0.0.1:${process.env.PORT || 8080}` },
    console: { type: 'string' },
    user: { type: 'string', default: 'admin' },
    password: { type: 'string', default: process.env.ADMIN_PASSWORD ?? '' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
const [deviceId, ...more] = positionals;

if (values.help || deviceId === undefined || more.length > 0) {
  console.error(USAGE);
  process.exitCode = values.help ? 0 : 2;
} else {
  process.exitCode = await pair(deviceId, values.url.replace(/\/$/, ''));
}

async function pair(device: string, url: string): Promise<number> {
  try {
    const { user, password, console: consoleUrl = url } = values;
    const authority = url.startsWith('https:') ? process.env.NODE_EXTRA_CA_CERTS : undefined;
    const curl = authority ? `curl --cacert ${authority}` : 'curl';
    const token = (await enrol({ url, consoleUrl, user, password, deviceIds: [device] })).get(device);
    console.log(`${device} has a token, which is shown this once; one that it had before is worth nothing from now on:

  ${token}

To send a picture as ${device}:

  ${curl} -H "X-Device-Token: ${token}" -F "file=@photo.jpg;filename=$(date +%s)000.jpg" "${url}/upload?device=${device}"
`);
    return 0;
  } catch (error) {
    console.error(explain(error, url));
    return 1;
  }
}

function explain(error: unknown, url: string): string {
  if (!(error instanceof Refused)) {
    const { message, cause } = error as Error;
    return `${url} cannot be asked: ${cause instanceof Error && cause.message !== '' ? cause.message : message}. Is the service started, and is ${hint(url)}?`;
  }
  if (error.status === 401) {
    return `This is not the password of ${values.user}. Give it as --password or in ADMIN_PASSWORD; that of admin is printed by the first start.`;
  }
  return error.message;
}

function hint(url: string): string {
  return url.startsWith('https:') ? 'its authority named by NODE_EXTRA_CA_CERTS' : 'it plain HTTP that it speaks';
}
