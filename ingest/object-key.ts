import { IsDate } from 'typebox/format';

/** Names of pictures that devices put in place themselves: `devices/<id>/YYYY/MM/DD/<seq>-<filename>`. */
export const FILE_NAME = '^[A-Za-z0-9_][\\w.=-]{0,99}$';

export interface ObjectName {
  readonly deviceId: string;
  readonly epoch: number;
  readonly seq: number;
  readonly filename: string;
}

/** The same for the same picture, so that a device that asks again puts it in the same place. */
export function objectKeyOf({ deviceId, epoch, seq, filename }: ObjectName, nowMs: number): string {
  const [date = ''] = /^\d{4}-\d\d-\d\d/.exec(filename) ?? [];
  const day = IsDate(date) ? date.replaceAll('-', '/') : dayOf(nowMs);
  // Seqs begin anew with each activation.
  return `devices/${deviceId}/${day}/${seq}-${epoch > 1 ? `e${epoch}-` : ''}${filename}`;
}

/** Whether a key is one that `objectKeyOf` gives out for this frame. */
export function isObjectOf(key: string, { deviceId, epoch, seq }: Omit<ObjectName, 'filename'>): boolean {
  const [top, id, year, month, day, name, ...more] = key.split('/');
  if (top !== 'devices' || id !== deviceId || more.length > 0 || name === undefined) return false;
  const prefix = `${seq}-${epoch > 1 ? `e${epoch}-` : ''}`;
  const isNamed = name.startsWith(prefix) && new RegExp(FILE_NAME).test(name.slice(prefix.length));
  return isNamed && /^\d{4}$/.test(year ?? '') && /^\d\d$/.test(month ?? '') && /^\d\d$/.test(day ?? '');
}

export function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10).replaceAll('-', '/');
}
