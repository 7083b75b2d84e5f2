import type { Server as SecureServer } from 'node:tls';
import type { Logger } from 'pino';
import {
  checkKeyPair,
  describeCertificate,
  type KeyPair,
  type KeyPairFiles,
  readTexts,
  secureOptions,
} from './key-pair.ts';

export interface Renewal {
  /** Reads the files once more, and serves what is new in them. Never fails: what cannot be served is told, and not taken. */
  look(): Promise<void>;
}

/**
 * A certificate is renewed while its server runs. Connections that are there stay as they are; only handshakes from
 * now on see the new one.
 *
 * The files are read again and again and compared whole. Being told of changes (`fs.watch`) follows an inode: it loses
 * a file that another was renamed over, says nothing when the symlink of a Kubernetes volume is turned elsewhere, and
 * is not passed on by some of Docker's mounts. And size and time of change may be the same for another file. Two small
 * reads in some seconds see all of this.
 */
export function createRenewal({
  server,
  files,
  pair,
  logger,
}: {
  readonly server: Pick<SecureServer, 'setSecureContext'>;
  readonly files: KeyPairFiles;
  /** What it serves now. */
  readonly pair: KeyPair;
  readonly logger: Logger;
}): Renewal {
  let judged = fingerprint(pair);
  const refuse = (what: string, error: unknown) => {
    // Once for each fault, and not every few seconds.
    if (what === judged) return;
    judged = what;
    logger.warn({ reason: (error as Error).message }, 'the new TLS certificate is not taken; the earlier one stays');
  };

  return {
    async look() {
      let found: KeyPair;
      try {
        found = await readTexts(files);
      } catch (error) {
        refuse(`unreadable: ${(error as Error).message}`, error);
        return;
      }
      if (fingerprint(found) === judged) return;
      try {
        checkKeyPair(found, files);
        server.setSecureContext(secureOptions(found));
      } catch (error) {
        refuse(fingerprint(found), error);
        return;
      }
      judged = fingerprint(found);
      logger.info(describeCertificate(found), 'a new TLS certificate is in use');
    },
  };
}

function fingerprint({ cert, key }: KeyPair): string {
  return `${cert}\0${key}`;
}
