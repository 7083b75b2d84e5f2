import { expect, test } from 'vitest';
import { diskFolders, diskFoldersConfig } from './disk-folders.ts';
import { InvalidConfig, readConfig } from './read-config.ts';

const foldersOf = (DISK_FOLDERS: string) => diskFolders(readConfig(diskFoldersConfig, { DISK_FOLDERS }));

test.each<[given: string, folders: Readonly<Record<string, string>>]>([
  ['', {}],
  ['machine=/', { machine: '/' }],
  ['log=/disks/kafka-data,database=/disks/pg data', { log: '/disks/kafka-data', database: '/disks/pg data' }],
])('%j is %j', (given, folders) => {
  expect(foldersOf(given)).toEqual(folders);
});

test.each(['machine', 'machine=', 'machine=var', '=/', 'a=/,', 'a=/,,b=/', 'a b=/', 'blobs=/', 'a=/,blobs=/'])(
  '%j is refused at the start',
  (given) => {
    expect(() => foldersOf(given)).toThrow(InvalidConfig);
  },
);
