import { type Static, Type } from 'typebox';

/** Of the production profile, where servers keep what there is: what lies on their disks is watched from here. */
export const diskFoldersConfig = Type.Object({
  DISK_FOLDERS: Type.String({
    default: '',
    pattern: '^((?!blobs=)\\w{1,30}=/[^=,]*(,(?!$)|$))*$',
    description: 'Folders on disks that are watched: name=/folder, by commas; such as those of the servers.',
  }),
});

export function diskFolders({ DISK_FOLDERS }: Static<typeof diskFoldersConfig>): Readonly<Record<string, string>> {
  const pairs = DISK_FOLDERS.split(',').filter(Boolean);
  return Object.fromEntries(pairs.map((pair) => pair.split('=', 2) as [name: string, folder: string]));
}
