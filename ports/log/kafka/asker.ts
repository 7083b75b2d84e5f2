import type { Admin, Kafka } from 'kafkajs';
import { withOutages } from './connect.ts';

/** Questions to the brokers. After one that failed, the next goes by new connections. */
export interface Asker {
  ask<Answer>(question: (admin: Admin) => Promise<Answer>): Promise<Answer>;
  close(): Promise<void>;
}

export function createAsker(kafka: Kafka): Asker {
  let current: Promise<Admin> | null = null;

  async function open(): Promise<Admin> {
    const admin = kafka.admin();
    await admin.connect();
    return admin;
  }

  function letGo(opened: Promise<Admin>): Promise<void> {
    if (current === opened) current = null;
    return opened.then((admin) => admin.disconnect()).catch(() => undefined);
  }

  return {
    ask: (question) =>
      withOutages(async () => {
        current ??= open();
        const opened = current;
        try {
          return await question(await opened);
        } catch (error) {
          void letGo(opened);
          throw error;
        }
      }),

    async close() {
      if (current) await letGo(current);
    },
  };
}
