export interface Greeting {
  readonly url: string;
  /** The file of the authority that clients are to be shown, if one is known. */
  readonly authority: string | null;
  /** Only when it was made up just now: it is kept nowhere else. */
  readonly password: string | null;
  /** Whether ADMIN_PASSWORD has set it. */
  readonly passwordGiven: boolean;
  readonly demo: boolean;
  /** The model and its version. */
  readonly detector: string;
  readonly dataDir: string;
}

/** What `npm start` says when all is up. */
export function greeting({ url, authority, password, passwordGiven, demo, detector, dataDir }: Greeting): string {
  const signIn = password
    ? [
        '  Sign in        as admin',
        `  Password       ${password}`,
        '                 Write it down: it is shown this once (ADMIN_PASSWORD=… npm start sets another).',
      ]
    : passwordGiven
      ? ['  Sign in        as admin, with the password that ADMIN_PASSWORD says']
      : ['  Sign in        as admin, with the password of the first start (ADMIN_PASSWORD=… npm start sets another)'];
  const curl = authority === null ? 'curl' : `curl --cacert ${authority}`;
  const trust = authority === null ? '' : `NODE_EXTRA_CA_CERTS=${authority} `;
  const next = demo
    ? [
        '  Cameras        demo-door, demo-aisle and demo-desk, simulated, are sending now; events follow within a minute',
      ]
    : [
        `  Set up camera  ${trust}npm run pair -- camera-1 --url ${url} --password …`,
        '                 prints its token, and how to send a picture with it',
        '  Or watch       npm start -- --demo, with three simulated cameras',
      ];
  return [
    '',
    `Passerby is up: ${url}`,
    '',
    ...signIn,
    ...next,
    `  Detector       ${detector}; ${curl} -s ${url}/metrics | grep passerby_found_total says what it has found`,
    `  Stop           Ctrl-C; what was received stays in ${dataDir}`,
    '',
    '',
  ].join('\n');
}
