import { type Name, openPeople, type People } from '../../http/access/people-under-test.ts';
import type { User } from '../../http/access/users.ts';
import { type ConsoleUnderTest, startConsole } from './server-under-test.ts';

type Row = Readonly<Record<string, unknown>>;

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  /** What an answer has that is told of below; a test of one that has not finds `undefined`. */
  readonly body: Row & {
    readonly devices: readonly Row[];
    readonly sites: readonly Row[];
    readonly users: readonly Row[];
    readonly events: readonly Row[];
    readonly captures: readonly Row[];
    readonly errors: readonly Row[];
  };
}

export interface ManagedConsole extends People {
  readonly console: ConsoleUnderTest;
  /** `METHOD /path`, as somebody who is signed in, or as nobody. */
  ask(who: Name | User | null, request: string, payload?: unknown, headers?: object): Promise<Answer>;
  /** A device of somebody, from the code to the token. */
  enrol(who: Name, deviceId: string): Promise<string>;
  stop(): Promise<void>;
}

/** The console with people in it, by its API alone. */
export async function startManagedConsole(): Promise<ManagedConsole> {
  let people: People | undefined;
  const console = await startConsole(async (store, clock) => {
    people = await openPeople({ store, nowMs: clock.nowMs });
    return people.access;
  });
  if (!people) throw new Error('a console without people');
  const { bearer } = people;

  const ask: ManagedConsole['ask'] = async (who, request, payload, headers = {}) => {
    const [method = '', url = ''] = request.split(' ');
    const answer = await console.app.inject({
      method: method as 'GET',
      url,
      headers: { ...(who === null ? {} : await bearer(who)), ...headers },
      ...(payload === undefined ? {} : { payload: payload as object }),
    });
    const body = answer.body === '' ? {} : answer.json();
    return { status: answer.statusCode, headers: answer.headers, body };
  };

  return {
    ...people,
    console,
    ask,
    async enrol(who, deviceId) {
      const { body } = await ask(who, 'POST /devices/pair', { device_id: deviceId });
      const { token } = await console.deviceAccess.pairings.activate(String(body.pairing_code), '192.0.2.1');
      return token.token;
    },
    stop: () => console.stop(),
  };
}
